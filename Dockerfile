# The program as an image: as any user, with a read-only root and without capabilities. docs/image.md tells what it needs.
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv --without-pip /opt/xelinkd \
 && python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt \
 && python -m pip --python /opt/xelinkd/bin/python install --no-compile --require-hashes --only-binary :all: \
    -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY xelinkd xelinkd
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && python -m pip --python /opt/xelinkd/bin/python install --no-compile --no-deps wheels/*.whl
# Bytecode is part of the image: nothing can be cached in a read-only root, and compiling takes a second of each start.
# Unchecked, since the sources never change without it, and layers may come to have other times than were compiled in.
COPY tools/bytecode.py etc/xelinkd.toml ./
RUN mkdir -p /image/opt /image/usr/local/bin \
 && /opt/xelinkd/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/xelinkd/lib \
 && /opt/xelinkd/bin/python -P bytecode.py /image \
 && cp -a /opt/xelinkd /image/opt/ \
 && ln -s /opt/xelinkd/bin/xelinkd /image/usr/local/bin/ \
 && install -D -m 644 xelinkd.toml /image/etc/xelinkd/xelinkd.toml

FROM ${BASE}
# Nobody installs into an image that runs, and scanners look at what could.
RUN PYTHONDONTWRITEBYTECODE=1 python -m pip uninstall --yes --quiet --root-user-action ignore pip \
 && rm -f /usr/local/bin/pip
COPY --from=build /image /
ARG VERSION=0.1.0 SOURCE= REVISION= CREATED=
LABEL org.opencontainers.image.title="xelinkd" \
      org.opencontainers.image.description="Keeps the XeLink labels of a node true, from Intel XPU Manager's topology" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# No USER: features.d is root's on most nodes, and root without capabilities is its owner and no more.
# No EXPOSE: the status is on the loopback address by default. No HEALTHCHECK: Kubernetes does not look at it, and has
# probes of its own (deployments/); `xelinkd simulate` would never be healthy.
ENTRYPOINT ["xelinkd"]
