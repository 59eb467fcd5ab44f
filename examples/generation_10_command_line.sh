#!/bin/sh
# Learns a model and streams from it, on the command line. Run: sh examples/generation_10_command_line.sh
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

# When Waggle is installed, this is the command `waggle`; without Deno, DENO="npx --yes deno@2.9.6".
waggle() {
  ${DENO:-deno} run --no-prompt --allow-read --allow-write --allow-env src/cli/cli.ts "$@"
}

waggle fit examples/data/weather.csv -o "$folder/model.waggle" --quiet

# Stream to the standard output: a hundred records, then a hundred more a second later
waggle stream "$folder/model.waggle" --batch-size 100 --interval 1 --max-batches 2 --quiet | wc -l

# Stream with conditions
waggle stream "$folder/model.waggle" \
  --conditions '{"weather": "snow"}' \
  --max-records 10000 --quiet | grep -c '"weather":"snow"'
