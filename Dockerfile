# A plain start: builds the program into an image that runs it as any user, with a read-only root.
FROM docker.io/library/python:3.13-slim AS build
WORKDIR /src
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN python -m venv /opt/xelinkd \
 && /opt/xelinkd/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY xelinkd xelinkd
RUN /opt/xelinkd/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/xelinkd/bin/pip uninstall --yes setuptools pip

FROM docker.io/library/python:3.13-slim
COPY --from=build /opt/xelinkd /opt/xelinkd
COPY etc/xelinkd.toml /etc/xelinkd/xelinkd.toml
# No EXPOSE: the status is on the loopback address by default. No HEALTHCHECK: Kubernetes does not look at it, and has a
# probe of its own (deployments/).
ENV PATH=/opt/xelinkd/bin:$PATH
ENTRYPOINT ["xelinkd"]
