# The base of all stand-ins, run in debootstrap's folder: Debian's Python, with the security updates of the day.
shown=/mnt/build
. /mnt/build/recipes/common.sh
no_service_starts
# debootstrap has written the mirror it used; the security updates lie beside it.
mirror=$(sed -n 's/^deb \([^ ]*\) bookworm main$/\1/p' /etc/apt/sources.list | head -n 1)
printf 'deb %s bookworm main\ndeb %s-security bookworm-security main\n' "$mirror" "${mirror%/}" >/etc/apt/sources.list
apt_update
apt-get -qq upgrade -y
slim
rm -f /var/cache/ldconfig/aux-cache
