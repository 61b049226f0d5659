{{/* The name of all objects: the release's, with the chart's where that does not say it. */}}
{{- define "xelinkd.name" -}}
{{- ternary .Release.Name (printf "%s-xelinkd" .Release.Name) (contains "xelinkd" .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "xelinkd.selector" -}}
app.kubernetes.io/name: xelinkd
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "xelinkd.labels" -}}
{{ include "xelinkd.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "xelinkd.listen" -}}
{{- dig "status" "listen" "127.0.0.1:29998" .Values.config -}}
{{- end }}

{{- define "xelinkd.port" -}}
{{- include "xelinkd.listen" . | splitList ":" | last -}}
{{- end }}

{{/* Where the kubelet, on the node's network, reaches the status. */}}
{{- define "xelinkd.host" -}}
{{- $address := include "xelinkd.listen" . | trimSuffix (printf ":%s" (include "xelinkd.port" .)) -}}
{{- ternary "127.0.0.1" (trimAll "[]" $address) (has $address (list "0.0.0.0" "[::]")) -}}
{{- end }}

{{- define "xelinkd.scheme" -}}
{{- ternary "HTTPS" "HTTP" (dig "status" "cert_file" "" .Values.config | empty | not) -}}
{{- end }}

{{- define "xelinkd.probe" -}}
{host: {{ include "xelinkd.host" . | quote }}, port: {{ include "xelinkd.port" . }}, scheme: {{ include "xelinkd.scheme" . }}
{{- end }}

{{- define "xelinkd.features" -}}
{{- dig "feature_file" "path" "/etc/kubernetes/node-feature-discovery/features.d/xpum-sidecar-labels.txt" .Values.config | dir -}}
{{- end }}

{{/* Not empty where labels are kept in NodeFeature objects, and not in a file on the node. */}}
{{- define "xelinkd.keepsObjects" -}}
{{- ternary "yes" "" (eq (dig "sink" "kind" "feature-file" .Values.config) "node-feature") -}}
{{- end }}

{{/* What a monitor of either kind asks. */}}
{{- define "xelinkd.endpoint" -}}
{{- if regexMatch "^(127[.]|\\[::1\\]|$)" (include "xelinkd.listen" .) -}}
{{- fail "monitoring.monitor: no Prometheus reaches config.status.listen; set it to \"[::]:29998\", say, and config.status.token_file" -}}
{{- end -}}
port: status
path: /metrics
{{- if eq (include "xelinkd.scheme" .) "HTTPS" }}
scheme: https
{{- with .Values.monitoring.tlsConfig }}
tlsConfig: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with dig "status" "token_file" "" .Values.config }}
authorization:
  credentials: {name: {{ $.Values.statusSecret }}, key: {{ base . }}}
{{- end }}
relabelings: # job and instance, as the rules and the dashboard want them
  - {targetLabel: job, replacement: xelinkd}
  - {sourceLabels: [__meta_kubernetes_pod_node_name], targetLabel: instance}
{{- end }}
