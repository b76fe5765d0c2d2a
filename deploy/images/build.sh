#!/usr/bin/env bash
# Images where no image registry is reachable: the stand-ins are made from Debian's and PyPI's packages, and the services'
# own image on top of them. The same script carries all of them to a machine without any network.
set -euo pipefail

here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
repository=$(CDPATH='' cd -- "$here/../.." && pwd)
suite=bookworm
ENV_FILE=${NGAO_ENV_FILE:-$repository/.env}
declare -A VARIABLE_OF=(
    [python]=PYTHON_IMAGE [rabbitmq]=RABBITMQ_IMAGE [mongo]=MONGO_IMAGE [haproxy]=HAPROXY_IMAGE [prometheus]=PROMETHEUS_IMAGE
)
ORDER=(python rabbitmq mongo haproxy prometheus)
ARCHIVE=images.tar.gz
began=$SECONDS
work=

usage() {
    cat <<END
Usage: deploy/images/build.sh [--stand-ins-only | --service-only] [--again]
       deploy/images/build.sh --save FOLDER
       deploy/images/build.sh --load FOLDER
       deploy/images/build.sh --pin

Builds ngao/standin-{python,rabbitmq,mongo,haproxy,prometheus} and the services' image, and writes their names into .env,
which compose reads. What is built already is kept; --again builds it anew. There is no stand-in for Grafana: neither Debian
nor PyPI has it, so without a registry the monitoring profile is Prometheus alone.

--service-only   builds the services' image on \${PYTHON_IMAGE:-python:3.11-slim-bookworm}, as named in the environment or .env
--save FOLDER    writes the images that .env names, the services' image, and SHA256SUMS into FOLDER
--load FOLDER    checks the sums, loads the images, writes their names into .env; needs docker and sha256sum, no network
--pin            writes into .env, for every image that compose names, the digest of what is here or can be pulled, so that a tag
                 that moves changes nothing. What was built here has no digest, and is named

Environment: DEBIAN_MIRROR (else debootstrap's own), NGAO_ENV_FILE (else .env beside docker-compose.yml).
END
}

say() { printf '%4d s  %s\n' $((SECONDS - began)) "$*" >&2; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

need() { command -v "$1" >/dev/null 2>&1 || fail "$2"; }

need_engine() {
    need docker "there is no docker on this machine; on Debian: apt-get install docker.io docker-compose"
    docker info >/dev/null 2>&1 || fail "the docker engine does not answer; start it, or run this as a user who may use it"
}

tidy() { [ -z "$work" ] || rm -rf "$work"; rm -rf "$repository"/deploy/build/host; }
trap tidy EXIT

# The image that a variable names: the environment, else .env, else nothing.
named() {
    local value=${!1:-}
    if [ -z "$value" ] && [ -f "$ENV_FILE" ]; then value=$(sed -n "s/^$1=//p" "$ENV_FILE" | tail -n 1); fi
    printf '%s' "$value"
}

# Write NAME=value into .env and leave its other lines alone.
remember() {
    local fresh="$ENV_FILE.$$"
    { [ ! -f "$ENV_FILE" ] || grep -v "^$1=" "$ENV_FILE" || true; printf '%s=%s\n' "$1" "$2"; } >"$fresh"
    mv "$fresh" "$ENV_FILE"
}

service_image() { local given; given=$(named NGAO_IMAGE); printf '%s' "${given:-ngao/platform:$(version)}"; }
version() { sed -n 's/^version = "\(.*\)"/\1/p' "$repository/pyproject.toml" | head -n 1; }

# What a build needs of this host to reach its package registries: authorities, pip's settings, proxies. They are shown to the
# builds, never copied into an image that is kept.
host_settings() {
    local into=$1 bundle
    mkdir -p "$into"
    for bundle in "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" "${REQUESTS_CA_BUNDLE:-}" /etc/ssl/certs/ca-certificates.crt; do
        if [ -n "$bundle" ] && [ -r "$bundle" ]; then cp -- "$bundle" "$into/ca.pem"; break; fi
    done
    { pip_settings; } >"$into/pip.conf"
    env | grep -iE '^(https?|no)_proxy=' | sed "s/'/'\\\\''/g; s/=/='/; s/\$/'/; s/^/export /" >"$into/proxy.sh" || true
    chmod -R go-rwx "$into"
}

# pip's own view of its settings, without what lies on this host's disk.
pip_settings() {
    local python
    python=$(command -v python3 || true)
    printf '[global]\ndisable-pip-version-check = true\n'
    [ -n "$python" ] || return 0
    "$python" -m pip config list 2>/dev/null |
        sed -n "s/^\(global\|install\|:env:\)\.\(index-url\|extra-index-url\|trusted-host\|proxy\|default-timeout\|timeout\)='\(.*\)'\$/\2 = \3/p" |
        sed 's/^default-timeout/timeout/' | grep -vE 'file:|= */' | sort -u -t= -k1,1 || true
}

# ---- stand-ins

tag_of() { printf 'ngao/standin-%s:%s' "$1" "$suite"; }

# The module that the recipe of mongod runs, and all of ours that it imports.
MODULES=(ngao/local/binaries.py ngao/chassis/errors.py ngao/kernel/problems.py)

# The hash of everything an image is made from: built again only when that has changed.
recipe_of() {
    local base=
    [ "$1" = python ] || base=$(docker image inspect --format '{{.Id}}' "$(tag_of python)")
    { printf '%s\n' "$base"; cat "$here/recipes/common.sh" "$here/recipes/$1.sh"; [ "$1" != mongo ] || cat "$repository/ngao/local/binaries.py"; } |
        sha256sum | cut -d' ' -f1
}

is_made() { [ "$(docker image inspect --format '{{index .Config.Labels "org.ngao.recipe"}}' "$(tag_of "$1")" 2>/dev/null)" = "$2" ]; }

make_stand_in() {
    local name=$1 recipe
    recipe=$(recipe_of "$name")
    if [ -z "$again" ] && is_made "$name" "$recipe"; then
        say "$(tag_of "$name") stands"
    elif [ "$name" = python ]; then
        bootstrap "$recipe"
    else
        cook "$name" "$recipe"
    fi
    remember "${VARIABLE_OF[$name]}" "$(tag_of "$name")"
}

# The one base of all stand-ins: the smallest Debian that has Python.
bootstrap() {
    local root=$work/root
    [ "$(id -u)" = 0 ] || fail "debootstrap makes device files, which needs root; run this with sudo, or load images with --load"
    need debootstrap "debootstrap is missing; on Debian: apt-get install debootstrap"
    say "$(tag_of python): Debian $suite, about a minute"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$suite" "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} \
        >"$work/debootstrap.log" 2>&1 || fail "debootstrap failed: $(tail -n 1 "$work/debootstrap.log")"
    mkdir "$root/mnt/build" && cp -r "$work/shown/." "$root/mnt/build"
    chroot "$root" /bin/sh /mnt/build/recipes/python.sh >"$work/python.log" 2>&1 || fail "python.sh: $(tail -n 1 "$work/python.log")"
    rm -rf "$root/mnt/build"
    : >"$root/etc/resolv.conf"
    : >"$root/etc/hostname"
    tar -C "$root" -c . | docker import --change "LABEL org.ngao.recipe=$1" --change 'ENV LANG=C.UTF-8' \
        --change 'CMD ["python3"]' - "$(tag_of python)" >/dev/null
    rm -rf "$root"
    say "$(tag_of python) made, $(size_of "$(tag_of python)")"
}

# Run a recipe in a container of the base and keep what it has changed. What it is shown is a mount, so it is not kept.
cook() {
    local name=$1 container="ngao-standin-$1-$$" log=$work/$1.log
    say "$(tag_of "$name")"
    docker run --name "$container" --volume "$work/shown:/mnt:ro" "$(tag_of python)" /bin/sh "/mnt/recipes/$name.sh" >"$log" 2>&1 ||
        { docker rm -f "$container" >/dev/null 2>&1 || true; fail "$name.sh: $(tail -n 3 "$log" | tr '\n' ' ')"; }
    docker commit --change "LABEL org.ngao.recipe=$2" "$container" "$(tag_of "$name")" >/dev/null
    docker rm "$container" >/dev/null
    say "$(tag_of "$name") made, $(size_of "$(tag_of "$name")")"
}

size_of() { printf '%d MB' $(($(docker image inspect --format '{{.Size}}' "$1") / 1000000)); }

stand_ins() {
    mkdir -p "$work/shown"
    host_settings "$work/shown/host"
    cp -r "$here/recipes" "$work/shown/recipes"
    local name path
    for path in "${MODULES[@]}"; do install -D -m 0644 "$repository/$path" "$work/shown/$path"; done
    for name in "${ORDER[@]}"; do make_stand_in "$name"; done
}

# ---- the services' image

service() {
    local python image
    python=$(named PYTHON_IMAGE) image=$(service_image)
    say "$image on ${python:-python:3.11-slim-bookworm}"
    host_settings "$repository/deploy/build/host"
    docker build --quiet --file "$repository/deploy/Dockerfile" --tag "$image" ${python:+--build-arg "PYTHON_IMAGE=$python"} \
        --build-arg "VERSION=$(version)" --build-arg "REVISION=$(git -C "$repository" rev-parse HEAD 2>/dev/null || echo unknown)" \
        "$repository" >"$work/build.log" 2>&1 || {
        tail -n 20 "$work/build.log" >&2
        fail "the services' image could not be built; its last lines are above"
    }
    rm -rf "$repository/deploy/build/host"
    remember NGAO_IMAGE "$image"
    say "$image made, $(size_of "$image")"
}

# ---- to and from a machine without a network

to_carry() {
    local name image
    printf 'NGAO_IMAGE=%s\n' "$(service_image)"
    for name in RABBITMQ_IMAGE MONGO_IMAGE HAPROXY_IMAGE PROMETHEUS_IMAGE GRAFANA_IMAGE; do
        image=$(named "$name")
        [ -z "$image" ] || printf '%s=%s\n' "$name" "$image"
    done
}

save() {
    local folder=$1 images
    mkdir -p "$folder"
    to_carry >"$folder/images.env"
    mapfile -t images < <(cut -d= -f2- "$folder/images.env")
    for image in "${images[@]}"; do
        docker image inspect "$image" >/dev/null 2>&1 || fail "the image $image is not here; build it first, without --save"
    done
    say "saving ${#images[@]} images: ${images[*]}"
    docker save "${images[@]}" | gzip -3 >"$folder/$ARCHIVE.unfinished"
    mv "$folder/$ARCHIVE.unfinished" "$folder/$ARCHIVE"
    (cd "$folder" && sha256sum "$ARCHIVE" images.env >SHA256SUMS)
    say "$folder holds $ARCHIVE ($(($(stat -c %s "$folder/$ARCHIVE") / 1000000)) MB), images.env and SHA256SUMS"
    say "carry it over with this repository, and SHA256SUMS by another way if you can; there: deploy/images/build.sh --load FOLDER"
}

load() {
    local folder=$1 line
    for name in SHA256SUMS "$ARCHIVE" images.env; do
        [ -r "$folder/$name" ] || fail "there is no $name in $folder; give the folder that --save has written"
    done
    for name in "$ARCHIVE" images.env; do
        grep -q "  $name\$" "$folder/SHA256SUMS" || fail "SHA256SUMS does not name $name, so it cannot be trusted; nothing was loaded"
    done
    say "checking the sums"
    (cd "$folder" && sha256sum --check --strict --quiet SHA256SUMS >&2) ||
        fail "the files in $folder are not those that were saved; nothing was loaded"
    say "loading"
    docker load --quiet --input "$folder/$ARCHIVE" >&2
    while IFS= read -r line; do remember "${line%%=*}" "${line#*=}"; done <"$folder/images.env"
    say "loaded; their names are in $ENV_FILE"
}

# ---- by digest

# Every image that compose names, as VARIABLE=IMAGE, with what .env or the environment says in the place of the default.
images_of_compose() {
    sed -n 's/.*\${\([A-Z]*_IMAGE\):-\([^}]*\)}.*/\1=\2/p' "$repository/docker-compose.yml" | sort -u | while IFS='=' read -r name image; do
        given=$(named "$name")
        printf '%s=%s\n' "$name" "${given:-$image}"
    done
}

pin() {
    local line image digest missing=0
    while IFS= read -r line; do
        image=${line#*=}
        case $image in *@sha256:*) say "$image is pinned already"; continue ;; esac
        docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >/dev/null 2>&1 || true
        digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" 2>/dev/null | head -n 1) || true
        if [ -n "$digest" ]; then
            remember "${line%%=*}" "$digest"
            say "$image is $digest"
        elif docker image inspect "$image" >/dev/null 2>&1; then
            say "$image was built here and has no digest: SHA256SUMS of --save shows that it is the same elsewhere"
        else
            say "$image is not here and cannot be pulled: NOT PINNED"
            missing=$((missing + 1))
        fi
    done < <(images_of_compose)
    [ "$missing" = 0 ] || fail "$missing images are not pinned; run this again where their registry can be reached"
}

# ---- what was asked for

again='' what=all folder=''
while [ $# -gt 0 ]; do
    case $1 in
        --again) again=yes ;;
        --stand-ins-only) what=stand-ins ;;
        --service-only) what=service ;;
        --pin) what=pin ;;
        --save | --load) what=${1#--}; shift; folder=${1:-}; [ -n "$folder" ] || fail "--$what needs a folder" ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "there is no option $1" ;;
    esac
    shift
done
need_engine
work=$(mktemp -d "${TMPDIR:-/tmp}/ngao-images.XXXXXX")
case $what in
    all) stand_ins; service ;;
    stand-ins) stand_ins ;;
    service) service ;;
    pin) pin ;;
    save) need gzip "gzip is missing"; save "$folder" ;;
    load) need sha256sum "sha256sum is missing"; load "$folder" ;;
esac
