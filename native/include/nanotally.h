/* nanotally.h: record metrics from C and C++, on any thread, into the series that JavaScript sees.
 *
 * For other addons and for native threads. C11 or C++17; no library to link: the functions arrive
 * at run time, as addons are loaded with symbols of their own.
 *
 *   1. JavaScript hands nanotally's functions over, once for the process (again is harmless):
 *          addon.attach(require('nanotally').nativeInterface())
 *      and the addon passes the value on:
 *          nanotally_attach(env, value);        // <node_api.h> included before this file
 *   2. A get function finds or makes a series and gives a handle. It takes locks and may allocate.
 *          nanotally_counter *requests = NULL;
 *          nanotally_label labels[] = {{"kernel", "cosine"}};
 *          nanotally_get_counter("kernel_calls_total", labels, 1, NULL, &requests);
 *   3. Any thread records through the handle: no lock, no allocation, no system call.
 *          nanotally_counter_add(requests, 1);
 *      So signal handlers may record, too. The one exception: an exponential histogram that meets
 *      more than 64 new powers of two within a second makes room for the others under a lock.
 *   4. Regions count what the processor and the kernel tell of a part of the code, per thread.
 *          nanotally_region *cosine = NULL;
 *          nanotally_get_region("cosine", NULL, &cosine);
 *          nanotally_region_begin(cosine);  ...  nanotally_region_end(cosine);
 *
 * Before attachment every function is a no-op: a get gives no handle, and a recording through a
 * NULL handle is dropped and counted, of a region its begin. The count is shown, from the
 * attachment on, as nanotally_rejected_total{reason="no_handle"}, together with what is recorded
 * through NULL later.
 *
 * Numbers. Values are doubles. A counter or histogram is kept as one sum per CPU, each rounded to
 * nearest (ties to even) as it grows, and the sums are added exactly and rounded once when they are
 * read. Whole numbers are therefore exact while each CPU's sum stays within 2^53 (9.0e15); past it,
 * an add of 1 to a sum of 2^53 leaves it as it is, an add of 2 counts.
 *
 * With -DNANOTALLY_OFF everything here compiles to nothing: gets give NULL and NANOTALLY_OK.
 *
 * The table of functions only ever grows at its end; NANOTALLY_ABI_VERSION changes when that rule
 * is broken. Copyright (c) the nanotally authors, MIT licence.
 */
#ifndef NANOTALLY_H_
#define NANOTALLY_H_

#include <stddef.h>
#include <stdint.h>
#if defined(_MSC_VER)
#include <intrin.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define NANOTALLY_ABI_VERSION 1u

typedef enum nanotally_status {
  NANOTALLY_OK = 0,
  NANOTALLY_NOT_ATTACHED = 1,      /* no attachment yet: nothing was found or made */
  NANOTALLY_INVALID_ARGUMENT = 2,  /* a NULL, a name that is none, a label given twice */
  NANOTALLY_CONFLICT = 3,          /* the name is taken by another type or other labels */
  NANOTALLY_CLOSED = 4,            /* the registry was closed, or the metric just removed */
  NANOTALLY_NO_MEMORY = 5,         /* no memory, or no address, for another series */
  NANOTALLY_INCOMPATIBLE = 6,      /* attach: not nanotally's value, or of another ABI version */
  NANOTALLY_ATTACHED_ELSEWHERE = 7 /* attach: already attached to another copy of nanotally */
} nanotally_status;

/* One series each. Opaque; the same pointer for the same series, counted by gets and releases. */
typedef struct nanotally_counter nanotally_counter;
typedef struct nanotally_gauge nanotally_gauge;
typedef struct nanotally_histogram nanotally_histogram;

/* A named part of the code. Opaque; the same pointer for the same region, counted likewise. */
typedef struct nanotally_region nanotally_region;

/* UTF-8, NUL-terminated. An empty value means that the label is absent; bytes of a value that are
 * no UTF-8 become U+FFFD.
 *
 * Names of metrics and of labels are 1 to 1000 characters (UTF-16 units, as JavaScript counts) of
 * well-formed UTF-8; anything else is refused. Prometheus before version 3 knows [a-zA-Z_:]
 * [a-zA-Z0-9_:]* for metrics, the same without colons for labels, and is shown other names escaped.
 * Labels may not start with "__" nor be "otel_metric_overflow", or "le" on a histogram. */
typedef struct nanotally_label {
  const char *name;
  const char *value;
} nanotally_label;

/* For a metric that does not exist yet; one that exists, whoever defined it, keeps its own. Start
 * from NANOTALLY_OPTIONS_INIT. */
typedef struct nanotally_options {
  size_t size;           /* sizeof(nanotally_options) */
  const char *registry;  /* a process-wide registry by name. NULL: the default one */
  const char *help;      /* default: none */
  const char *unit;      /* default: none */
  const double *buckets; /* histograms: ascending finite upper bounds. NULL: exponential */
  size_t bucket_count;   /* at most 1000 */
  int schema;            /* exponential histograms: -4 to 8, 2^(2^-schema) from bucket to bucket */
} nanotally_options;
#define NANOTALLY_OPTIONS_INIT \
  { sizeof(nanotally_options), NULL, NULL, NULL, NULL, 0, 3 }

/* For a region that does not exist yet. Start from NANOTALLY_REGION_OPTIONS_INIT. */
typedef struct nanotally_region_options {
  size_t size;          /* sizeof(nanotally_region_options) */
  const char *registry; /* a process-wide registry by name. NULL: the default one */
  /* What is counted, by the names that `npx nanotally pmu` lists. NULL: what the region has; where
   * it does not exist, instructions, cycles, branches and the first cache, or what the kernel
   * counts where the machine offers none of these. */
  const char *const *events;
  size_t event_count; /* at most 16 */
} nanotally_region_options;
#define NANOTALLY_REGION_OPTIONS_INIT \
  { sizeof(nanotally_region_options), NULL, NULL, 0 }

/* nanotally's functions. `size` tells how many bytes of this struct the attached copy has. */
typedef struct nanotally_table {
  uint32_t size;
  uint32_t version;
  nanotally_status (*get_counter)(const char *name, const nanotally_label *labels, size_t count,
                                  const nanotally_options *options, nanotally_counter **out);
  nanotally_status (*get_gauge)(const char *name, const nanotally_label *labels, size_t count,
                                const nanotally_options *options, nanotally_gauge **out);
  nanotally_status (*get_histogram)(const char *name, const nanotally_label *labels, size_t count,
                                    const nanotally_options *options, nanotally_histogram **out);
  void (*release_counter)(nanotally_counter *counter);
  void (*release_gauge)(nanotally_gauge *gauge);
  void (*release_histogram)(nanotally_histogram *histogram);
  void (*counter_add)(nanotally_counter *counter, double amount);
  void (*gauge_set)(nanotally_gauge *gauge, double value);
  void (*gauge_add)(nanotally_gauge *gauge, double amount);
  void (*histogram_observe)(nanotally_histogram *histogram, double value);
  void (*count_no_handle)(uint64_t recordings);
  nanotally_status (*get_region)(const char *name, const nanotally_region_options *options,
                                 nanotally_region **out);
  void (*release_region)(nanotally_region *region);
  void (*region_begin)(nanotally_region *region);
  void (*region_end)(nanotally_region *region);
} nanotally_table;

/* The type tag of the value that nativeInterface() returns (napi_type_tag_object). */
#define NANOTALLY_TYPE_TAG_LOWER 0x6e616e6f74616c6cull
#define NANOTALLY_TYPE_TAG_UPPER 0x9c1d5e2f8a7b4036ull

#ifndef NANOTALLY_OFF

/* One of each for an addon, however many of its files include this one. */
#if defined(_MSC_VER)
#define NANOTALLY_ONE_PER_ADDON_ __declspec(selectany)
#else
#define NANOTALLY_ONE_PER_ADDON_ __attribute__((weak, visibility("hidden")))
#endif
NANOTALLY_ONE_PER_ADDON_ const nanotally_table *volatile nanotally_table_ = NULL;
NANOTALLY_ONE_PER_ADDON_ volatile uint64_t nanotally_no_handle_ = 0;

/* The table or NULL; setting it if there is none, which returns what was there; counting, and
 * taking the count. All seq_cst: a recording that finds no table is counted before it looks again,
 * an attachment takes the count after it has set the table, so that one of the two hands it over.
 */
#if defined(_MSC_VER)
static inline const nanotally_table *nanotally_load_table_(void) { return nanotally_table_; }
static inline const nanotally_table *nanotally_swap_null_table_(const nanotally_table *table) {
  return (const nanotally_table *)_InterlockedCompareExchangePointer(
      (void *volatile *)&nanotally_table_, (void *)table, NULL);
}
static inline void nanotally_count_(void) {
  _InterlockedIncrement64((volatile __int64 *)&nanotally_no_handle_);
}
static inline uint64_t nanotally_take_count_(void) {
  return (uint64_t)_InterlockedExchange64((volatile __int64 *)&nanotally_no_handle_, 0);
}
#else
static inline const nanotally_table *nanotally_load_table_(void) {
  return __atomic_load_n(&nanotally_table_, __ATOMIC_SEQ_CST);
}
static inline const nanotally_table *nanotally_swap_null_table_(const nanotally_table *table) {
  const nanotally_table *expected = NULL;
  (void)__atomic_compare_exchange_n(&nanotally_table_, &expected, table, 0, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
  return expected;
}
static inline void nanotally_count_(void) {
  (void)__atomic_fetch_add(&nanotally_no_handle_, 1, __ATOMIC_SEQ_CST);
}
static inline uint64_t nanotally_take_count_(void) {
  return __atomic_exchange_n(&nanotally_no_handle_, 0, __ATOMIC_SEQ_CST);
}
#endif

static inline void nanotally_drop_(void) {
  const nanotally_table *table;
  nanotally_count_();
  table = nanotally_load_table_();
  if (table != NULL) table->count_no_handle(nanotally_take_count_());
}

/* Attaches this addon to a copy of nanotally, for good. Any thread; again with the same table is
 * harmless. */
static inline nanotally_status nanotally_attach_table(const nanotally_table *table) {
  const nanotally_table *before;
  if (table == NULL) return NANOTALLY_INVALID_ARGUMENT;
  if (table->version != NANOTALLY_ABI_VERSION || table->size < sizeof(nanotally_table)) {
    return NANOTALLY_INCOMPATIBLE;
  }
  before = nanotally_swap_null_table_(table);
  if (before != NULL && before != table) return NANOTALLY_ATTACHED_ELSEWHERE;
  table->count_no_handle(nanotally_take_count_());
  return NANOTALLY_OK;
}

#if defined(SRC_NODE_API_H_)
/* The same with the value that JavaScript got from nativeInterface(). */
static inline nanotally_status nanotally_attach(napi_env env, napi_value value) {
  const napi_type_tag tag = {NANOTALLY_TYPE_TAG_LOWER, NANOTALLY_TYPE_TAG_UPPER};
  napi_valuetype type;
  bool matches = false;
  void *table = NULL;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_external) {
    return NANOTALLY_INCOMPATIBLE;
  }
  if (napi_check_object_type_tag(env, value, &tag, &matches) != napi_ok || !matches ||
      napi_get_value_external(env, value, &table) != napi_ok) {
    return NANOTALLY_INCOMPATIBLE;
  }
  return nanotally_attach_table((const nanotally_table *)table);
}
#endif

/* Find or make a series; *out is its handle, or NULL on failure. Any thread; takes locks and may
 * allocate. `labels` are `count` of any order. A metric that does not exist yet is defined with
 * these label names; of one that exists, all required labels must be given and no unknown one.
 * Past the metric's limit of series (2000 by default) the handle leads to its overflow series.
 * Not exposed before it is recorded into: gauges. */
static inline nanotally_status nanotally_get_counter(const char *name,
                                                     const nanotally_label *labels, size_t count,
                                                     const nanotally_options *options,
                                                     nanotally_counter **out) {
  const nanotally_table *table = nanotally_load_table_();
  if (out == NULL) return NANOTALLY_INVALID_ARGUMENT;
  *out = NULL;
  return table == NULL ? NANOTALLY_NOT_ATTACHED
                       : table->get_counter(name, labels, count, options, out);
}
static inline nanotally_status nanotally_get_gauge(const char *name, const nanotally_label *labels,
                                                   size_t count, const nanotally_options *options,
                                                   nanotally_gauge **out) {
  const nanotally_table *table = nanotally_load_table_();
  if (out == NULL) return NANOTALLY_INVALID_ARGUMENT;
  *out = NULL;
  return table == NULL ? NANOTALLY_NOT_ATTACHED
                       : table->get_gauge(name, labels, count, options, out);
}
static inline nanotally_status nanotally_get_histogram(const char *name,
                                                       const nanotally_label *labels, size_t count,
                                                       const nanotally_options *options,
                                                       nanotally_histogram **out) {
  const nanotally_table *table = nanotally_load_table_();
  if (out == NULL) return NANOTALLY_INVALID_ARGUMENT;
  *out = NULL;
  return table == NULL ? NANOTALLY_NOT_ATTACHED
                       : table->get_histogram(name, labels, count, options, out);
}

/* Gives a handle back; what it recorded stays. As with free(): no thread records through it any
 * more. Needed only where the metric may be removed: an open handle of a removed metric keeps its
 * memory. NULL is ignored. */
static inline void nanotally_release_counter(nanotally_counter *counter) {
  if (counter != NULL) nanotally_table_->release_counter(counter);
}
static inline void nanotally_release_gauge(nanotally_gauge *gauge) {
  if (gauge != NULL) nanotally_table_->release_gauge(gauge);
}
static inline void nanotally_release_histogram(nanotally_histogram *histogram) {
  if (histogram != NULL) nanotally_table_->release_histogram(histogram);
}

/* Adds a finite amount >= 0. Anything else is dropped and counted. After the metric's removal all
 * is dropped and counted. */
static inline void nanotally_counter_add(nanotally_counter *counter, double amount) {
  if (counter == NULL) {
    nanotally_drop_();
  } else {
    nanotally_table_->counter_add(counter, amount);
  }
}

/* Native threads are one participant in a gauge's aggregate, beside each JavaScript thread: they
 * share one value, which is set and added to atomically. */
static inline void nanotally_gauge_set(nanotally_gauge *gauge, double value) {
  if (gauge == NULL) {
    nanotally_drop_();
  } else {
    nanotally_table_->gauge_set(gauge, value);
  }
}
/* A finite amount of either sign. */
static inline void nanotally_gauge_add(nanotally_gauge *gauge, double amount) {
  if (gauge == NULL) {
    nanotally_drop_();
  } else {
    nanotally_table_->gauge_add(gauge, amount);
  }
}

/* Any double. NaN and the infinities are counted apart, as JavaScript's observe() does. */
static inline void nanotally_histogram_observe(nanotally_histogram *histogram, double value) {
  if (histogram == NULL) {
    nanotally_drop_();
  } else {
    nanotally_table_->histogram_observe(histogram, value);
  }
}

/* Finds or makes a region; *out is its handle, or NULL on failure. Any thread; takes locks and may
 * allocate. `name` is the label `region` of its series: 1 to 200 characters. An event that is
 * unknown is NANOTALLY_INVALID_ARGUMENT, one that this machine does not count is left out; other
 * events than the region has are NANOTALLY_CONFLICT. */
static inline nanotally_status nanotally_get_region(const char *name,
                                                    const nanotally_region_options *options,
                                                    nanotally_region **out) {
  const nanotally_table *table = nanotally_load_table_();
  if (out == NULL) return NANOTALLY_INVALID_ARGUMENT;
  *out = NULL;
  return table == NULL ? NANOTALLY_NOT_ATTACHED : table->get_region(name, options, out);
}

/* Gives a handle back; no thread is in the region any more. NULL is ignored. */
static inline void nanotally_release_region(nanotally_region *region) {
  if (region != NULL) nanotally_table_->release_region(region);
}

/* What happens on the calling thread from begin to end is added to the region's series. Neither
 * locks nor allocates, but the first begin of a region on a thread, which opens what is counted;
 * not for signal handlers. A begin beyond 64 open regions is dropped and counted.
 *
 * Regions nest, and each has what those within it have; begun again while it is open on the thread,
 * a region counts once, with its outermost run. An end of another region than that which was begun
 * last drops its run and those begun after it, counted as unpaired. */
static inline void nanotally_region_begin(nanotally_region *region) {
  if (region == NULL) {
    nanotally_drop_();
  } else {
    nanotally_table_->region_begin(region);
  }
}
static inline void nanotally_region_end(nanotally_region *region) {
  if (region != NULL) nanotally_table_->region_end(region);
}

#else /* NANOTALLY_OFF */

static inline nanotally_status nanotally_attach_table(const nanotally_table *table) {
  (void)table;
  return NANOTALLY_OK;
}
#if defined(SRC_NODE_API_H_)
static inline nanotally_status nanotally_attach(napi_env env, napi_value value) {
  (void)env;
  (void)value;
  return NANOTALLY_OK;
}
#endif
static inline nanotally_status nanotally_get_counter(const char *name,
                                                     const nanotally_label *labels, size_t count,
                                                     const nanotally_options *options,
                                                     nanotally_counter **out) {
  (void)name, (void)labels, (void)count, (void)options;
  *out = NULL;
  return NANOTALLY_OK;
}
static inline nanotally_status nanotally_get_gauge(const char *name, const nanotally_label *labels,
                                                   size_t count, const nanotally_options *options,
                                                   nanotally_gauge **out) {
  (void)name, (void)labels, (void)count, (void)options;
  *out = NULL;
  return NANOTALLY_OK;
}
static inline nanotally_status nanotally_get_histogram(const char *name,
                                                       const nanotally_label *labels, size_t count,
                                                       const nanotally_options *options,
                                                       nanotally_histogram **out) {
  (void)name, (void)labels, (void)count, (void)options;
  *out = NULL;
  return NANOTALLY_OK;
}
static inline void nanotally_release_counter(nanotally_counter *counter) { (void)counter; }
static inline void nanotally_release_gauge(nanotally_gauge *gauge) { (void)gauge; }
static inline void nanotally_release_histogram(nanotally_histogram *histogram) { (void)histogram; }
static inline void nanotally_counter_add(nanotally_counter *counter, double amount) {
  (void)counter, (void)amount;
}
static inline void nanotally_gauge_set(nanotally_gauge *gauge, double value) {
  (void)gauge, (void)value;
}
static inline void nanotally_gauge_add(nanotally_gauge *gauge, double amount) {
  (void)gauge, (void)amount;
}
static inline void nanotally_histogram_observe(nanotally_histogram *histogram, double value) {
  (void)histogram, (void)value;
}
static inline nanotally_status nanotally_get_region(const char *name,
                                                    const nanotally_region_options *options,
                                                    nanotally_region **out) {
  (void)name, (void)options;
  *out = NULL;
  return NANOTALLY_OK;
}
static inline void nanotally_release_region(nanotally_region *region) { (void)region; }
static inline void nanotally_region_begin(nanotally_region *region) { (void)region; }
static inline void nanotally_region_end(nanotally_region *region) { (void)region; }

#endif /* NANOTALLY_OFF */

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NANOTALLY_H_ */
