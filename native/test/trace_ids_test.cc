// Identifiers of traces: what is one, what is not, and that text comes back as it went in.
#include "core/trace_ids.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nanotally {
namespace {

// The examples of the specification.
const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpan = "00f067aa0ba902b7";

TEST(TraceIds, TextComesBackAsItWentIn) {
  const auto ids = ParseTraceIds(kTrace, kSpan);
  ASSERT_TRUE(ids);
  EXPECT_EQ(*ids, (TraceIds{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736, 0x00f067aa0ba902b7}));
  EXPECT_TRUE(ids->HasTrace());
  EXPECT_EQ(TraceText(*ids), kTrace);
  EXPECT_EQ(SpanText(*ids), kSpan);
}

TEST(TraceIds, EitherCaseAndAnyDigitThatIsNotZero) {
  const auto upper = ParseTraceIds("4BF92F3577B34DA6A3CE929D0E0E4736", "00F067AA0BA902B7");
  EXPECT_EQ(upper, ParseTraceIds(kTrace, kSpan));
  for (std::size_t i = 0; i < 32; ++i) {
    std::string one(32, '0');
    one[i] = '1';
    const auto ids = ParseTraceIds(one, one.substr(i / 16 * 16, 16));
    ASSERT_TRUE(ids) << one;
    EXPECT_EQ(TraceText(*ids), one);
    EXPECT_EQ(SpanText(*ids), one.substr(i / 16 * 16, 16));
  }
}

TEST(TraceIds, NoSpan) {
  const auto ids = ParseTraceIds(kTrace, "");
  ASSERT_TRUE(ids);
  EXPECT_EQ(ids->span, 0u);
  EXPECT_EQ(SpanText(*ids), "");
}

TEST(TraceIds, RefusesEverythingElse) {
  std::vector<std::string> traces = {"",    kTrace + "0",         kTrace.substr(1), kTrace + " ",
                                     kSpan, std::string(32, '0'), kTrace + kTrace};
  std::vector<std::string> spans = {"0", kSpan + "0", kSpan.substr(1), kTrace,
                                    std::string(16, '0')};
  for (const char bad : {'g', 'G', '-', '+', ' ', 'x', '.', '\0', '\n', '\x80'}) {
    for (const std::size_t at : {0u, 1u, 15u}) {
      std::string text = kTrace;
      text[at] = bad;
      traces.push_back(text);
      text = kTrace;
      text[16 + at] = bad;
      traces.push_back(text);
      text = kSpan;
      text[at] = bad;
      spans.push_back(text);
    }
  }
  for (const auto& trace : traces) EXPECT_FALSE(ParseTraceIds(trace, kSpan)) << trace;
  for (const auto& span : spans) EXPECT_FALSE(ParseTraceIds(kTrace, span)) << span;
  EXPECT_EQ(traces.size() + spans.size(), 7u + 5u + 10u * 9u);
}

}  // namespace
}  // namespace nanotally
