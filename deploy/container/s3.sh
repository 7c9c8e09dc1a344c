#!/bin/sh
# Usage: s3.sh
#
# An S3 store in a container of ours (Ceph, all data in memory: for trying out). S3_ACCESS_KEY and S3_SECRET_KEY are its keys; the
# bucket is "media", and anybody may read what viewers are sent to. Runs until it is ended. Exit code: 0.
set -eu
export AK="$S3_ACCESS_KEY" SK="$S3_SECRET_KEY" BUCKET=media PUBLIC='videos trailers' S3_PORT=9000 S3_LISTEN=0.0.0.0
trap '/opt/s3/scripts/s3 down /tmp/s3; exit 0' TERM INT
/opt/s3/scripts/s3 up /tmp/s3
while :; do sleep 3600 & wait $!; done
