# Read by every recipe, as root in the image that is being made. /mnt/host has what this host needs to reach its registries.
set -eu
export DEBIAN_FRONTEND=noninteractive
shown=${shown:-/mnt}
if [ -s "$shown/host/proxy.sh" ]; then . "$shown/host/proxy.sh"; fi
[ ! -s "$shown/host/ca.pem" ] || export PIP_CERT="$shown/host/ca.pem"
export PIP_CONFIG_FILE="$shown/host/pip.conf"

# No package starts its service while it is installed.
no_service_starts() { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; }

apt_update() { apt-get -qq -o Acquire::Retries=3 update; }

apt_install() { apt-get -qq -o Acquire::Retries=3 install -y --no-install-recommends "$@"; }

# What nobody needs at run time.
slim() {
    apt-get -qq clean
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/log/* /usr/share/man/* /usr/share/locale/* \
        /usr/share/info/* /tmp/* /var/tmp/* /root/.cache /usr/sbin/policy-rc.d
    find /usr/share/doc -mindepth 1 -not -name copyright -not -type d -delete
    find /usr/share/doc -mindepth 1 -type d -empty -delete
}
