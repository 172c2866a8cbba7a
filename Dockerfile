# gatewayd in an image that holds one static program and runs without root, shell or package manager: docs/docker.md

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Without .git there is nothing to stamp: the revision is a label of the image.
RUN CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags="-s -w" -o /image/gatewayd ./cmd/gatewayd
# The certificates are for key sets and functions behind https. The folder of the state is a folder in a folder, because
# whether COPY gives its destination an owner depends on the builder, and on what it copies it does not.
RUN mkdir -p /image/etc/ssl/certs /image/etc/gatewayd /state/gatewayd && \
    cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ && \
    cp routes.yaml /image/etc/gatewayd/ && \
    mkdir -m 1777 /image/tmp && \
    chmod 700 /state/gatewayd

FROM scratch
ARG VERSION=devel
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gatewayd" \
      org.opencontainers.image.description="A local API Gateway: the same checks in the same order with the same answers as AWS, and why" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
COPY --from=build --chown=65532:65532 /state/ /var/lib/

# Inside a container, 127.0.0.1 is the container itself. Who can reach the ports is for whoever publishes them to say.
ENV GATEWAYD_HOST=0.0.0.0 \
    GATEWAYD_CONTROL_HOST=0.0.0.0 \
    GATEWAYD_ROUTES=/etc/gatewayd/routes.yaml
EXPOSE 3000 3001

# The state: gatewayd.db of the example functions, and .gatewayd.
WORKDIR /var/lib/gatewayd
USER 65532:65532
HEALTHCHECK --interval=5s --timeout=6s --start-period=10s --retries=3 CMD ["/gatewayd", "health"]
ENTRYPOINT ["/gatewayd"]
