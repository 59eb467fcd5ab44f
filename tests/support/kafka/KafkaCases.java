import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes topics that only Java's clients write so, and reads topics with Java's consumer.
 * Arguments: the broker's address, then pairs of a case and a topic, which is there already. Prints a
 * line of JSON for each record that was committed, and with "read" for each that was read.
 */
public final class KafkaCases {
  private static final long TIME = 1_700_000_000_000L;
  private static String bootstrap;
  private static final StringBuilder out = new StringBuilder();

  public static void main(String[] args) throws Exception {
    bootstrap = args[0];
    for (int i = 1; i < args.length; i += 2) run(args[i], args[i + 1]);
    System.out.print(out);
  }

  private static void run(String name, String topic) throws Exception {
    if (name.startsWith("codec-")) codec(topic, name.substring("codec-".length()));
    else if (name.equals("shapes")) shapes(topic);
    else if (name.equals("interleaved")) interleaved(topic);
    else if (name.equals("two-aborts")) twoAborts(topic);
    else if (name.equals("key-zero")) keyZero(topic);
    else if (name.equals("spanning")) spanning(topic);
    else if (name.equals("compacted")) compacted(topic);
    else if (name.equals("many")) many(topic, 200_000);
    else if (name.equals("read")) read(topic, "read_committed");
    else if (name.equals("read-uncommitted")) read(topic, "read_uncommitted");
    else throw new IllegalArgumentException("No such case: " + name);
  }

  /** A producer whose records are kept, to be printed when they count. */
  private static final class Writer implements AutoCloseable {
    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    private List<Future<RecordMetadata>> sent = new ArrayList<>();

    Writer(String topic, String... settings) {
      Map<String, Object> all = new HashMap<>();
      all.put("bootstrap.servers", bootstrap);
      all.put("linger.ms", "200");
      for (int i = 0; i < settings.length; i += 2) all.put(settings[i], settings[i + 1]);
      this.topic = topic;
      producer =
          new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
      if (all.containsKey("transactional.id")) producer.initTransactions();
    }

    ProducerRecord<byte[], byte[]> send(byte[] key, byte[] value) {
      return send(new ProducerRecord<>(topic, 0, TIME + records.size(), key, value));
    }

    ProducerRecord<byte[], byte[]> send(ProducerRecord<byte[], byte[]> record) {
      records.add(record);
      sent.add(producer.send(record));
      return record;
    }

    /** Waits until all has been sent, as batches of its own. */
    void flush() {
      producer.flush();
    }

    void begin() {
      producer.beginTransaction();
    }

    void commit() throws Exception {
      producer.commitTransaction();
      print();
    }

    void abort() {
      producer.flush();
      producer.abortTransaction();
      records = new ArrayList<>();
      sent = new ArrayList<>();
    }

    /** Prints what was sent since it last did. */
    void print() throws Exception {
      producer.flush();
      for (int i = 0; i < records.size(); i++) {
        RecordMetadata where = sent.get(i).get();
        ProducerRecord<byte[], byte[]> r = records.get(i);
        line(where.topic(), where.partition(), where.offset(), where.timestamp(), r.key(),
            r.value(), r.headers());
      }
      records = new ArrayList<>();
      sent = new ArrayList<>();
    }

    @Override
    public void close() {
      producer.close();
    }
  }

  private static byte[] text(String value) {
    return value.getBytes(StandardCharsets.UTF_8);
  }

  /** Compressible and incompressible values, more than one block of each codec. */
  private static void codec(String topic, String codec) throws Exception {
    try (Writer writer = new Writer(topic, "compression.type", codec, "batch.size", "200000")) {
      long state = 42;
      for (int i = 0; i < 600; i++) {
        ByteBuffer noise = ByteBuffer.allocate(64);
        while (noise.hasRemaining()) {
          state = state * 6364136223846793005L + 1442695040888963407L;
          noise.putLong(state);
        }
        String words = "{\"id\":" + i + ",\"text\":\"" + "waggle ".repeat(i % 40) + "\"}";
        writer.send(text("key-" + i), i % 2 == 0 ? text(words) : noise.array());
      }
      writer.print();
    }
  }

  /** Keys, values and headers of every shape. */
  private static void shapes(String topic) throws Exception {
    try (Writer writer = new Writer(topic)) {
      writer.send(null, text("no key"));
      writer.send(text("tombstone"), null);
      writer.send(new byte[0], new byte[0]);
      writer.send(null, null);
      writer.send(text("größer"), text("a\nb\r\n\tc\u0000d"));
      writer.send(new byte[] {(byte) 0xff, (byte) 0xfe, 0}, new byte[] {(byte) 0x80});
      ProducerRecord<byte[], byte[]> headed =
          new ProducerRecord<>(topic, 0, TIME - 1, text("headers"), text("v"));
      headed.headers().add("name", text("value")).add("name", text("again")).add("empty", new byte[0])
          .add("none", null).add("", text("no name")).add("ü", new byte[] {(byte) 0xff});
      writer.send(headed);
      writer.send(text("long"), new byte[100_000]);
      writer.send(new ProducerRecord<>(topic, 0, 0L, text("1970"), text("v")));
      writer.print();
    }
  }

  /** Transactions that overlap in one partition, some committed, some aborted. */
  private static void interleaved(String topic) throws Exception {
    try (Writer a = new Writer(topic, "transactional.id", topic + "-a");
        Writer b = new Writer(topic, "transactional.id", topic + "-b")) {
      for (int round = 0; round < 6; round++) {
        a.begin();
        b.begin();
        for (int i = 0; i < 3; i++) {
          // Whoever ends last has begun first every other round: aborts come in no order.
          Writer first = round % 2 == 0 ? a : b;
          Writer second = round % 2 == 0 ? b : a;
          first.send(text("first"), text(round + "." + i));
          first.flush();
          second.send(text("second"), text(round + "." + i));
          second.flush();
        }
        Writer early = round % 3 == 0 ? a : b;
        Writer late = round % 3 == 0 ? b : a;
        if (round == 4) {
          early.abort();
          late.abort();
        } else {
          if (round < 3) early.abort();
          else early.commit();
          if (round < 3) late.commit();
          else late.abort();
        }
      }
    }
  }

  /** Two aborts by one producer id, with a commit before, between and behind. */
  private static void twoAborts(String topic) throws Exception {
    try (Writer writer = new Writer(topic, "transactional.id", topic)) {
      for (String end : new String[] {"commit", "abort", "commit", "abort", "abort", "commit"}) {
        writer.begin();
        for (int i = 0; i < 5; i++) writer.send(text(end), text(end + i));
        if (end.equals("abort")) writer.abort();
        else writer.commit();
      }
    }
  }

  /** Data whose key is the int32 0, which is how the key of an abort marker begins. */
  private static void keyZero(String topic) throws Exception {
    byte[] zero = new byte[4];
    try (Writer a = new Writer(topic, "transactional.id", topic + "-a");
        Writer b = new Writer(topic, "transactional.id", topic + "-b")) {
      a.begin();
      a.send(zero, text("aborted 1"));
      a.flush();
      b.begin();
      b.send(zero, text("committed 1"));
      b.flush();
      a.send(text("k"), text("aborted 2"));
      a.flush();
      a.send(zero, text("aborted 3"));
      a.flush();
      b.commit();
      a.send(text("k"), text("aborted 4"));
      a.abort();
      a.begin();
      a.send(zero, text("committed 2"));
      a.commit();
    }
  }

  /** An abort that no single fetch of 100 kB sees whole, with commits within it. */
  private static void spanning(String topic) throws Exception {
    try (Writer a = new Writer(topic, "transactional.id", topic + "-a");
        Writer b = new Writer(topic, "transactional.id", topic + "-b")) {
      a.begin();
      for (int i = 0; i < 30; i++) {
        a.send(text("aborted"), new byte[20_000]);
        a.flush();
        b.begin();
        b.send(text("committed"), text(String.valueOf(i)));
        b.commit();
      }
      a.abort();
      b.begin();
      b.send(text("committed"), text("last"));
      b.commit();
    }
  }

  /**
   * A topic with compaction: batches that lose their last records, all of them, and whole offsets;
   * prints what is left. The topic's settings make it roll at once.
   */
  private static void compacted(String topic) throws Exception {
    try (Writer a = new Writer(topic); Writer b = new Writer(topic, "transactional.id", topic)) {
      for (int i = 0; i < 10; i++) a.send(text("k" + i), text("old"));
      a.flush();
      b.begin();
      for (int i = 5; i < 12; i++) b.send(text("k" + i), text("newer"));
      b.producer.commitTransaction();
      b.begin();
      b.send(text("aborted"), text("aborted"));
      b.abort();
      Thread.sleep(20);
      a.send(text("k11"), text("newest"));
      a.flush();
      Thread.sleep(20);
      b.begin();
      b.send(text("k12"), text("only"));
      b.producer.commitTransaction();
      for (int i = 0; i < 3; i++) {
        // Closes the segment before, so that the cleaner takes it.
        Thread.sleep(20);
        a.send(text("k13"), text("last"));
        a.flush();
      }
      a.records.clear();
      b.records.clear();
    }
    awaitCompaction(topic);
  }

  private static void awaitCompaction(String topic) throws Exception {
    for (int tries = 0; tries < 300; tries++) {
      long old = records(topic, "read_committed").stream()
          .filter(r -> r.value() != null && r.key() != null && r.offset() >= 5
              && new String(r.value(), StandardCharsets.UTF_8).equals("old")).count();
      if (old == 0) {
        read(topic, "read_committed");
        return;
      }
      Thread.sleep(50);
    }
    throw new IllegalStateException("The broker does not compact " + topic);
  }

  /** As many records as fit, in as few batches as the broker takes. */
  private static void many(String topic, int count) throws Exception {
    try (Writer writer = new Writer(topic, "batch.size", "16000000", "linger.ms", "5000",
        "buffer.memory", "64000000", "max.request.size", "32000000", "compression.type", "lz4")) {
      for (int i = 0; i < count; i++) {
        writer.producer.send(new ProducerRecord<>(topic, 0, TIME, null, text(String.valueOf(i))));
      }
      writer.flush();
    }
  }

  private static List<ConsumerRecord<byte[], byte[]>> records(String topic, String isolation) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("isolation.level", isolation);
    settings.put("enable.auto.commit", "false");
    settings.put("fetch.max.wait.ms", "20");
    List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings,
        new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (PartitionInfo info : consumer.partitionsFor(topic)) {
        partitions.add(new TopicPartition(topic, info.partition()));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(50))) all.add(r);
      }
    }
    return all;
  }

  private static void read(String topic, String isolation) {
    for (ConsumerRecord<byte[], byte[]> r : records(topic, isolation)) {
      line(r.topic(), r.partition(), r.offset(), r.timestamp(), r.key(), r.value(), r.headers());
    }
  }

  private static String quoted(byte[] bytes) {
    return bytes == null ? "null" : "\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
  }

  private static void line(String topic, int partition, long offset, long timestamp, byte[] key,
      byte[] value, Iterable<Header> headers) {
    List<String> pairs = new ArrayList<>();
    for (Header h : headers) {
      pairs.add("[" + quoted(text(h.key())) + "," + quoted(h.value()) + "]");
    }
    out.append("{\"topic\":\"").append(topic).append("\",\"partition\":").append(partition)
        .append(",\"offset\":").append(offset).append(",\"timestamp\":").append(timestamp)
        .append(",\"key\":").append(quoted(key)).append(",\"value\":").append(quoted(value))
        .append(",\"headers\":[").append(String.join(",", pairs)).append("]}\n");
  }
}
