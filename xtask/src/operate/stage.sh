# The server that docs/operate.md starts from: Debian with PostgreSQL, for as long as this script runs.
# Called in namespaces of its own, as root: stage.sh SCRATCH POSTGRES_PROGRAMS
set -euo pipefail
scratch=$1 postgres=$2
umask 022
chmod 0755 "$scratch"

# What is written into these folders is gone when the namespace is.
layers=$scratch/layers
mkdir "$layers"
mount -t tmpfs -o mode=0755 tmpfs "$layers"
for folder in etc var/lib var/log usr/local run; do
  layer=$layers/${folder//\//-}
  mkdir "$layer" "$layer/upper" "$layer/work"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$layer/upper,workdir=$layer/work" "/$folder"
done
# A PostgreSQL that may run outside has its socket there.
mkdir -p /run/postgresql
mount -t tmpfs -o mode=0777 tmpfs /run/postgresql
ip link set lo up

# As Debian's package leaves it: reached through its socket, each system user as the role of the same name.
install -d -o postgres -m 0700 "$layers/cluster"
as_postgres() { runuser -u postgres -- "$@"; }
cd /
as_postgres "$postgres/initdb" --pgdata="$layers/cluster" --no-sync --auth=peer --encoding=UTF8 --locale=C >/dev/null
as_postgres "$postgres/pg_ctl" --pgdata="$layers/cluster" --wait --silent --log="$layers/cluster/log" \
  --options="-c listen_addresses= -c unix_socket_directories=/run/postgresql" start

# Ahead of systemd's own on the path.
install -m 0755 "$scratch/systemctl" /usr/local/bin/systemctl
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset KUVERT_CONFIG

cd "$scratch/kuvert"
if ! bash "$scratch/operate.sh"; then
  echo "--- what the service said last"
  tail -n 40 /run/kuvert.log 2>/dev/null || true
  exit 1
fi
