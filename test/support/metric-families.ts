// Reads delimited protobuf expositions by a library and the published schema: messages and field numbers of
// io/prometheus/client/metrics.proto, github.com/prometheus/client_model (Apache-2.0), in proto3 as the copy of it that
// Prometheus reads with (prompb/io/prometheus/client/metrics.proto): repeated numbers are packed.
import protobuf from 'protobufjs'

const SCHEMA = `
syntax = "proto3";
package io.prometheus.client;

message Timestamp { optional int64 seconds = 1; optional int32 nanos = 2; }
message LabelPair { optional string name = 1; optional string value = 2; }
enum MetricType { COUNTER = 0; GAUGE = 1; SUMMARY = 2; UNTYPED = 3; HISTOGRAM = 4; GAUGE_HISTOGRAM = 5; }
message Exemplar { repeated LabelPair label = 1; optional double value = 2; optional Timestamp timestamp = 3; }
message Gauge { optional double value = 1; }
message Counter { optional double value = 1; optional Exemplar exemplar = 2; optional Timestamp created_timestamp = 3; }
message Bucket {
  optional uint64 cumulative_count = 1;
  optional double upper_bound = 2;
  optional Exemplar exemplar = 3;
  optional double cumulative_count_float = 4;
}
message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
message Histogram {
  optional uint64 sample_count = 1;
  optional double sample_sum = 2;
  repeated Bucket bucket = 3;
  optional double sample_count_float = 4;
  optional sint32 schema = 5;
  optional double zero_threshold = 6;
  optional uint64 zero_count = 7;
  optional double zero_count_float = 8;
  repeated BucketSpan negative_span = 9;
  repeated sint64 negative_delta = 10;
  repeated double negative_count = 11;
  repeated BucketSpan positive_span = 12;
  repeated sint64 positive_delta = 13;
  repeated double positive_count = 14;
  optional Timestamp created_timestamp = 15;
  repeated Exemplar exemplars = 16;
}
message Metric {
  repeated LabelPair label = 1;
  optional Gauge gauge = 2;
  optional Counter counter = 3;
  optional int64 timestamp_ms = 6;
  optional Histogram histogram = 7;
}
message MetricFamily {
  optional string name = 1;
  optional string help = 2;
  optional MetricType type = 3;
  repeated Metric metric = 4;
  optional string unit = 5;
}
`

export interface TimestampMessage {
  seconds: number
  nanos: number
}
export interface ExemplarMessage {
  label: { name: string; value: string }[]
  value: number
  timestamp: TimestampMessage
}
export interface HistogramMessage {
  sample_count: number
  sample_sum: number
  bucket?: { cumulative_count: number; upper_bound: number; exemplar?: ExemplarMessage }[]
  schema?: number
  zero_threshold?: number
  zero_count?: number
  negative_span?: { offset: number; length: number }[]
  negative_delta?: number[]
  positive_span?: { offset: number; length: number }[]
  positive_delta?: number[]
  created_timestamp: TimestampMessage
  exemplars?: ExemplarMessage[]
}
export interface MetricMessage {
  label?: { name: string; value: string }[]
  gauge?: { value: number }
  counter?: { value: number; created_timestamp?: TimestampMessage }
  histogram?: HistogramMessage
}
export interface MetricFamilyMessage {
  name: string
  help: string
  type: 'COUNTER' | 'GAUGE' | 'HISTOGRAM'
  unit?: string
  metric: MetricMessage[]
}

const MetricFamily = protobuf
  .parse(SCHEMA, { keepCase: true })
  .root.resolveAll()
  .lookupType('io.prometheus.client.MetricFamily')

/**
 * Parses an exposition. What a message does not have is absent, not a default.
 *
 * @throws RangeError or Error for what is no sequence of such messages, or holds what the schema does not know
 */
export function parseMetricFamilies(exposition: Uint8Array): MetricFamilyMessage[] {
  const reader = protobuf.Reader.create(exposition)
  const families: MetricFamilyMessage[] = []
  while (reader.pos < reader.len) {
    const start = reader.pos
    const message = MetricFamily.decodeDelimited(reader)
    // The library skips unknown fields; written again without them the message would be shorter.
    const length = MetricFamily.encodeDelimited(message).finish().length
    if (length !== reader.pos - start) throw new Error(`${reader.pos - start} bytes, of which ${length} are known`)
    families.push(MetricFamily.toObject(message, { longs: Number, enums: String }) as MetricFamilyMessage)
  }
  return families
}

/** Unix time in seconds. */
export function secondsOf({ seconds, nanos }: TimestampMessage): number {
  return seconds + nanos / 1e9
}

/** The counts of a native histogram's populated buckets by their indices. */
export function bucketCounts(
  spans: readonly { offset: number; length: number }[] = [],
  deltas: readonly number[] = [],
): [index: number, count: number][] {
  const counts: [number, number][] = []
  let index = 0
  let count = 0
  for (const { offset, length } of spans) {
    index += offset
    for (let i = 0; i < length; i++, index++) {
      count += deltas[counts.length] ?? Number.NaN
      counts.push([index, count])
    }
  }
  if (counts.length !== deltas.length) throw new RangeError(`${deltas.length} deltas in spans of ${counts.length}`)
  return counts
}
