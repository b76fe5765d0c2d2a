# mongod 6.0 from the pinned packages that the embedded runtime uses, by the same code, under the id of the public image.
. /mnt/recipes/common.sh
no_service_starts
groupadd --system --gid 999 mongodb
useradd --system --uid 999 --gid mongodb --home-dir /data/db --no-create-home --shell /usr/sbin/nologin mongodb
apt_update
apt_install libcurl4
python3 -m venv /tmp/pip
cat >/tmp/fetch.py <<'END'
from ngao.local.binaries import mongod

found = mongod(print)
print(found.program, found.environment["LD_LIBRARY_PATH"], file=open("/tmp/found", "w"))
END
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/mnt NGAO_CACHE=/tmp/cache /tmp/pip/bin/python /tmp/fetch.py
read -r program libraries </tmp/found
install -D -m 0755 "$program" /usr/local/lib/mongod/mongod
cp -P "$libraries"/lib*.so* /usr/local/lib/mongod/
mkdir -p /usr/share/doc/mongod
find /tmp/cache -name '*LICENSE*' -type f -exec cp {} /usr/share/doc/mongod/ \;
printf '#!/bin/sh\nLD_LIBRARY_PATH=/usr/local/lib/mongod exec /usr/local/lib/mongod/mongod "$@"\n' >/usr/local/bin/mongod
chmod 0755 /usr/local/bin/mongod
/usr/local/bin/mongod --version
install -d -o 999 -g 999 -m 0700 /data/db
slim
