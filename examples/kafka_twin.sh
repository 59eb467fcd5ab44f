#!/bin/sh
# Makes a synthetic twin of a Kafka topic, at any speed. Run: sh examples/kafka_twin.sh localhost:9092 orders at user
set -eu
cd "$(dirname "$0")/.."
servers=$1 topic=$2 time=$3 key=$4
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

# When Waggle is installed, this is the command `waggle`; without Deno, DENO="npx --yes deno@2.9.6".
waggle() {
  ${DENO:-deno} run --no-prompt --allow-read --allow-write --allow-env --allow-net src/cli/cli.ts "$@"
}

# Learn the topic as it is now: its columns, its keys, and when records come
waggle fit "kafka://$servers/$topic" --time "$time" --key "$key" -o "$folder/twin.waggle"

# Stream the twin a thousand times as fast; 1 is as fast as the topic was
waggle stream "$folder/twin.waggle" --kafka-servers "$servers" --topic "$topic-twin" \
  --create-topic --key "$key" --record-time "$time" --speed 1000 --max-records 2000
