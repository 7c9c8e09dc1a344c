# The gateway as a container image: non-root, for a read-only root file system, with ffmpeg and bubblewrap in it.
#
#   podman build -t hlsgateway .
#   podman run --read-only --tmpfs /tmp -v hlsgateway:/data -p 8080:8080 hlsgateway
#
# The bases are arguments: any images with the .NET 10 SDK and Node, and with the ASP.NET Core 10 runtime, on Debian or Ubuntu.
# Where no registry can be reached, `make base-image` makes both from Debian's packages.
ARG BUILD_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0

FROM ${BUILD_IMAGE} AS build
RUN command -v npm >/dev/null || (apt-get update && apt-get install -y --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*)
WORKDIR /sources
# What changes seldom first: packages are fetched again only when their lists change.
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/HlsGateway/HlsGateway.csproj src/HlsGateway/
COPY src/HlsGateway/Studio/Studio.targets src/HlsGateway/Studio/
COPY src/HlsGateway.Playlists/HlsGateway.Playlists.csproj src/HlsGateway.Playlists/
RUN dotnet restore src/HlsGateway --use-current-runtime -p:PublishReadyToRun=true
COPY README.md CHANGELOG.md LICENSE appsettings.json ./
COPY docs docs
COPY src src
RUN dotnet publish src/HlsGateway -c Release --no-restore --use-current-runtime --self-contained false -p:PublishReadyToRun=true -p:DebugType=none --nologo -v quiet -o /program \
  && cp LICENSE /program/

FROM ${RUNTIME_IMAGE}
RUN set -eu; \
  if ! command -v ffmpeg >/dev/null || ! command -v bwrap >/dev/null || ! command -v prlimit >/dev/null; then \
    apt-get update; \
    apt-get install -y --no-install-recommends bubblewrap ca-certificates ffmpeg fonts-dejavu-core tzdata util-linux; \
    rm -rf /var/lib/apt/lists/*; \
  fi; \
  groupadd --system --gid 10001 hlsgateway; \
  useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin hlsgateway; \
  install -d -o 10001 -g 10001 -m 750 /data
COPY --from=build /program /opt/hlsgateway
RUN ln -s /opt/hlsgateway/hlsgateway /usr/local/bin/hlsgateway
# Relative paths begin in /data: what is counted and kept in /data/data, trailers in /data/trailers. Nothing else is written, but for /tmp.
WORKDIR /data
ENV ASPNETCORE_URLS=http://0.0.0.0:8080 \
    ASPNETCORE_HTTP_PORTS="" \
    DOTNET_EnableDiagnostics=0
USER 10001:10001
VOLUME /data
EXPOSE 8080
# Degraded (exit code 1) still serves viewers.
HEALTHCHECK --interval=30s --timeout=12s --start-period=2m --retries=3 CMD hlsgateway health || [ $? -eq 1 ]
ENTRYPOINT ["hlsgateway"]
CMD ["serve"]
