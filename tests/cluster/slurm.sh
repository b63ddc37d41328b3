#!/usr/bin/env bash
# A one-node Slurm whose files are in FOLDER: slurm.sh start|stop FOLDER. Needs Debian's slurm-wlm and munge, and root.
# Outside FOLDER it makes one link, /etc/slurm/slurm.conf: srun inside a job reads that file and not SLURM_CONF.
set -euo pipefail
folder=$2
link=/etc/slurm/slurm.conf

if [ "$1" = stop ]; then
    for daemon in slurmd slurmctld munged; do
        [ ! -s "$folder/$daemon.pid" ] || kill "$(cat "$folder/$daemon.pid")" || true
    done
    [ "$(readlink "$link")" != "$folder/slurm.conf" ] || rm "$link"
    exit
fi

if [ -e "$link" ]; then
    printf '%s is there: this machine has a Slurm of its own\n' "$link" >&2
    exit 1
fi

host=$(hostname -s)
mkdir -p "$folder/state" "$folder/spool"
(umask 077 && head -c 1024 /dev/urandom > "$folder/munge.key")
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }
# config_overrides: the node claims the cores and memory that profiles/slurm asks for, whatever the machine has
cat > "$folder/slurm.conf" << CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=16 RealMemory=64000 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF

ln -sf "$folder/slurm.conf" "$link"
munged --force --socket="$folder/munge.socket" --key-file="$folder/munge.key" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munge.seed"
slurmctld
slurmd
for _ in $(seq 60); do
    [ "$(sinfo --noheader --format %T)" != idle ] || exit 0
    sleep 0.5
done
tail -n 20 "$folder"/*.log >&2
exit 1
