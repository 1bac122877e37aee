#!/usr/bin/env bash
# Runs every example, small: bash examples/run_all.sh
set -u
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

run() { # DIR ARGS…
	local dir=$1 start=$SECONDS
	shift
	if timeout 300 go run "./examples/$dir" "$@" >"$tmp/out" 2>&1; then
		printf '%-14s ok, %d s: %s\n' "$dir" $((SECONDS - start)) "$(grep -v '^$' "$tmp/out" | tail -1)"
	else
		printf '%-14s FAILED\n' "$dir"
		cat "$tmp/out"
		failed=1
	fi
}

for main in examples/*/main.go; do
	dir=$(basename "$(dirname "$main")")
	[ -f "examples/$dir/go.mod" ] && continue # its own module, run below
	case $dir in
	digits) run digits -trials 8 -seed 1 -journal "$tmp/digits.log" && run digits -trials 10 -journal "$tmp/digits.log" ;;
	parallel) run parallel -journal "$tmp/parallel.log" -trials 120 -kill ;;
	python) run python -journal "$tmp/python.log" -trials 10 ;;
	*) run "$dir" ;;
	esac
done
if (cd examples/cluster && HONE_STORAGE="sqlite:///$tmp/cluster.db" timeout 300 go run . -trials 20 >"$tmp/out" 2>&1); then
	echo "cluster        ok: $(tail -1 "$tmp/out")"
else
	echo 'cluster        FAILED'
	cat "$tmp/out"
	failed=1
fi
if (cd examples/downstream && go test ./... >"$tmp/out" 2>&1); then
	echo 'downstream     ok'
else
	echo 'downstream     FAILED'
	cat "$tmp/out"
	failed=1
fi
exit $failed
