#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Include lines point down: a layer includes itself and lower ranks only. Layers of the
# same rank (hw and kernel; daemon and web) do not include each other.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A rank=([util]=0 [parse]=1 [diagnose]=2 [hw]=3 [kernel]=3 [console]=4 [boot]=5
	[session]=6 [report]=7 [campaign]=8 [store]=9 [bisect]=10 [daemon]=11 [web]=11
	[cmd]=12)
bad=0

while IFS=: read -r file line text; do
	from=${file#*/}
	from=${from%%/*}
	what=${text#*\"}
	what=${what%%\"*}
	to=${what%%/*}
	if [ -z "${rank[$from]:-}" ]; then
		echo "$file: $from is no layer" >&2
		bad=1
	elif [ "$to" = "$what" ]; then
		# A header of its own folder, private to the layer: it must lie there.
		if [ ! -e "$(dirname "$file")/$what" ]; then
			echo "$file:$line: \"$what\" names no layer: write \"layer/$what\"" >&2
			bad=1
		fi
	elif [ -z "${rank[$to]:-}" ]; then
		echo "$file:$line: \"$what\": $to is no layer" >&2
		bad=1
	elif [ "$to" != "$from" ] && [ "${rank[$to]}" -ge "${rank[$from]}" ]; then
		echo "$file:$line: $from must not include $to (\"$what\")" >&2
		bad=1
	fi
done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' --include='*.[ch]' include runner)

exit $bad
