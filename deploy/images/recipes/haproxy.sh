# HAProxy 2.6.
. /mnt/recipes/common.sh
no_service_starts
apt_update
apt_install haproxy
rm -rf /etc/haproxy /var/lib/haproxy
slim
