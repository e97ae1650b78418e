# docker build -t migrasafe .
# docker run --rm -v "$PWD:/work" migrasafe lint db/migrations --since origin/main
# docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" migrasafe init      # and whatever else writes files
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY migrasafe migrasafe
COPY rules rules
RUN python -m venv --without-pip /opt/migrasafe \
    && python -m pip --python /opt/migrasafe install --no-cache-dir --disable-pip-version-check ".[django,rails]" \
    && /opt/migrasafe/bin/migrasafe --version

FROM python:3.13-slim
# git answers --since; a mounted repository belongs to somebody else than the user in here, which git must not mind
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*' \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin migrasafe
COPY --from=build /opt/migrasafe /opt/migrasafe
# the home of a user that --user names is the mounted project, in Podman: nothing of ours is to be left there
ENV PATH=/opt/migrasafe/bin:$PATH PYTHONDONTWRITEBYTECODE=1 XDG_CACHE_HOME=/tmp/cache
LABEL org.opencontainers.image.title=migrasafe org.opencontainers.image.licenses=Apache-2.0
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["migrasafe"]
CMD ["--help"]
