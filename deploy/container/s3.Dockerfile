# An S3 store to try compose.yaml with: Ceph's gateway, all data in memory. Built from the top of the sources.
ARG DEBIAN_IMAGE=docker.io/library/debian:bookworm-slim
FROM ${DEBIAN_IMAGE}
RUN command -v radosgw >/dev/null || (apt-get update && apt-get install -y --no-install-recommends ceph-mon ceph-osd curl radosgw && rm -rf /var/lib/apt/lists/*)
COPY scripts/s3 scripts/lib.sh /opt/s3/scripts/
COPY deploy/container/s3.sh /usr/local/bin/
EXPOSE 9000
ENTRYPOINT ["/usr/local/bin/s3.sh"]
