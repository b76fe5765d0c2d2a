# Prometheus 2.42 and promtool.
. /mnt/recipes/common.sh
no_service_starts
apt_update
apt_install prometheus
# Needed by the old web pages only, and larger than all the rest together.
rm -rf /usr/share/nodejs /usr/share/javascript
rm -rf /var/lib/prometheus /etc/prometheus
install -d -o 65534 -g 65534 -m 0700 /prometheus
slim
