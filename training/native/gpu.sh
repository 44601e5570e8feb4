#!/usr/bin/env bash
# The whole training on a machine with a GPU, in pieces that each end within ten minutes and go on where they were.
#
# usage: gpu.sh pack FOLDER           here: WORK's features, alignments and speakers as FOLDER/part.NN of at most 60 MiB
#        gpu.sh unpack FOLDER         there: the parts that are in FOLDER go to WORK; called once for every delivery
#        gpu.sh train [MINUTES]       there: trains for at most MINUTES (default 9), then stops; call it until it says "done"
#        gpu.sh result FOLDER         there: the runs, without what only training needs, as FOLDER/part.NN of at most 60 MiB
#
# Needs python with training/requirements.txt (PYTHON names it). WORK as in data.py.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${WORK:-$(cd "$here/../.." && pwd)/work}
python=${PYTHON:-python3}
part=60M

pack() { # FOLDER PATHS.. below WORK
    local folder=$1
    shift
    mkdir -p "$folder"
    rm -f "$folder"/part.*
    tar -C "$work" -cf - "$@" | { command -v zstd >/dev/null && zstd -q -10 || gzip -6; } | split -b "$part" -d - "$folder/part."
    ls -l "$folder"
}

case ${1:-} in
pack) pack "$2" features align speakers.npz ;;
unpack)
    mkdir -p "$work/parts"
    cp "$2"/part.* "$work/parts/"
    cat "$work"/parts/part.* >"$work/parts/all"
    # whole only when the last part is there: until then unpacking fails and nothing is changed
    if { zstd -q -dc "$work/parts/all" 2>/dev/null || gzip -dc "$work/parts/all" 2>/dev/null; } | tar -C "$work" -xf - 2>/dev/null; then
        echo "unpacked"
    else
        echo "more parts are missing"
    fi
    ;;
train)
    end=$(($(date +%s) + ${2:-9} * 60))
    cd "$here"
    # stage, minutes in all, what it writes; every stage ends by itself when its minutes are spent
    stage() {
        local script=$1 name=$2 minutes=$3
        shift 3
        [ -e "$work/runs/$name.done" ] && return 0
        local left=$((end - $(date +%s)))
        [ "$left" -gt 20 ] || { echo "call again: $name goes on"; exit 0; }
        timeout --signal=INT "$left" "$python" "$script" --name "$name" --minutes "$minutes" "$@" ||
            { echo "call again: $name goes on"; exit 0; }
        touch "$work/runs/$name.done"
    }
    stage train_codec.py codec 5 --batch 96
    stage train_tower.py tower 5 --people 96
    [ -e "$work/latents.npz" ] && [ -e "$work/timbres.npz" ] || "$python" latents.py
    stage train_lm.py lm 14 --frames 24000 --rate 2e-3
    stage distill.py head 4 --rows 8192 --init lm
    [ -e "$work/runs/lengths.pt" ] || "$python" lengths.py --init lm
    echo done
    ;;
result)
    mkdir -p "$work/result/runs"
    cp "$work"/runs/*.jsonl "$work/result/runs/"
    (cd "$work" && "$python" - <<'PY'
import pathlib, torch
for path in pathlib.Path("runs").glob("*.pt"):
    state = torch.load(path, weights_only=False, map_location="cpu")
    torch.save({key: state[key] for key in ("average", "step", "spent", "heard")}, pathlib.Path("result") / path)
PY
    )
    work=$work/result pack "$2" runs
    ;;
*) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
