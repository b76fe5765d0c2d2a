# RabbitMQ 3.10 under the id of the public image, its programs on the path.
. /mnt/recipes/common.sh
no_service_starts
groupadd --system --gid 999 rabbitmq
useradd --system --uid 999 --gid rabbitmq --home-dir /var/lib/rabbitmq --no-create-home --shell /usr/sbin/nologin rabbitmq
apt_update
apt_install rabbitmq-server
# The package's wrappers insist on root and call su; the programs behind them do as they are told.
for program in rabbitmq-server rabbitmqctl rabbitmq-diagnostics rabbitmq-plugins rabbitmq-queues; do
    printf '#!/bin/sh\nexec /usr/lib/rabbitmq/bin/%s "$@"\n' "$program" >"/usr/local/bin/$program"
    chmod 0755 "/usr/local/bin/$program"
done
# The installation has made a cookie, which would be the same in every installation from this image.
rm -rf /var/lib/rabbitmq /var/log/rabbitmq /etc/rabbitmq
install -d -o 999 -g 999 -m 0700 /var/lib/rabbitmq
slim
