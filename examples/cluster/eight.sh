#!/usr/bin/env bash
# Eight workers on one study: HONE_STORAGE=… ./eight.sh [-study NAME] [-trials N]
#
# A worker that dies is started again, as systemd, runit or supervisord would do it.
# SIGTERM and Ctrl-C end all of them; what is under way goes back into the queue.
set -eu
dir=$(mktemp -d)
end() {
	kill $(jobs -p) 2>/dev/null || true
	wait || true
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 143' TERM INT
(cd "$(dirname "$0")" && go build -o "$dir/worker" .)

keep() { # until it ends well
	trap 'kill "$pid"; wait "$pid"; exit' TERM INT
	until "$dir/worker" "$@" & pid=$!; wait "$pid"; do
		echo "worker ended with $?; another one takes its place" >&2
		sleep 0.2
	done
}
for _ in 1 2 3 4 5 6 7 8; do keep "$@" & done
wait
