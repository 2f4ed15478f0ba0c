// The choice by Accept: what real scrapers send, weights, wildcards, parameters, and rubbish.
#include "render/accept.h"

#include <gtest/gtest.h>

#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace nanotally {

static std::ostream& operator<<(std::ostream& out, Exposition exposition) {
  return out << ContentType(exposition);
}

namespace {

constexpr Exposition kText{Format::kText004, Escaping::kUnderscores};
constexpr Exposition kOpenMetrics{Format::kOpenMetrics100, Escaping::kUnderscores};
constexpr Exposition kOpenMetrics001{Format::kOpenMetrics001, Escaping::kUnderscores};
constexpr Exposition kProtobuf{Format::kProtobuf, Escaping::kUnderscores};
constexpr Exposition kText100{Format::kText100, Escaping::kUnderscores};

constexpr const char* kPrometheus242 =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
constexpr const char* kPrometheus242Native =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
    "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;"
    "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
constexpr const char* kPrometheus35 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
constexpr const char* kPrometheus35Native =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
    "escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;"
    "q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

TEST(Accept, RealScrapers) {
  EXPECT_EQ(Negotiate(kPrometheus242), kOpenMetrics);
  EXPECT_EQ(Negotiate(kPrometheus242Native), kProtobuf);
  EXPECT_EQ(Negotiate(kPrometheus35), (Exposition{Format::kOpenMetrics100, Escaping::kAllowUtf8}));
  EXPECT_EQ(Negotiate(kPrometheus35Native), (Exposition{Format::kProtobuf, Escaping::kAllowUtf8}));
  EXPECT_EQ(Negotiate("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), kText)
      << "a browser";
  EXPECT_EQ(Negotiate("*/*"), kText) << "curl";
  EXPECT_EQ(Negotiate("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"), kText) << "Java";
}

TEST(Accept, EachFormatByItsName) {
  EXPECT_EQ(Negotiate(""), kText);
  EXPECT_EQ(Negotiate("text/plain"), kText);
  EXPECT_EQ(Negotiate("text/plain;version=0.0.4"), kText);
  EXPECT_EQ(Negotiate("text/plain;version=1.0.0"), kText100);
  EXPECT_EQ(Negotiate("application/openmetrics-text"), kOpenMetrics001);
  EXPECT_EQ(Negotiate("application/openmetrics-text;version=0.0.1"), kOpenMetrics001);
  EXPECT_EQ(Negotiate("application/openmetrics-text;version=1.0.0;charset=UTF-8"), kOpenMetrics);
  EXPECT_EQ(Negotiate("application/vnd.google.protobuf"), kProtobuf);
  EXPECT_EQ(Negotiate("application/vnd.google.protobuf;encoding=text"), kText);
  EXPECT_EQ(Negotiate("application/vnd.google.protobuf;proto=io.prometheus.client.Other"), kText);
  EXPECT_EQ(Negotiate("application/openmetrics-text;version=2.0.0"), kText);
  EXPECT_EQ(Negotiate("text/plain;version=1.0.0;charset=latin1,application/openmetrics-text"),
            kOpenMetrics001);
}

TEST(Accept, EscapingComesWithTheRangeThatIsChosen) {
  const std::vector<std::pair<std::string, Escaping>> escapings = {
      {"allow-utf-8", Escaping::kAllowUtf8},
      {"underscores", Escaping::kUnderscores},
      {"dots", Escaping::kDots},
      {"values", Escaping::kValues},
      {"no-such", Escaping::kUnderscores},
  };
  for (const auto& [name, escaping] : escapings) {
    EXPECT_EQ(Negotiate("text/plain;version=1.0.0;escaping=" + name),
              (Exposition{Format::kText100, escaping}));
    EXPECT_EQ(Negotiate("text/plain;escaping=" + name), (Exposition{Format::kText004, escaping}));
    EXPECT_EQ(Negotiate("application/vnd.google.protobuf;escaping=\"" + name + "\""),
              (Exposition{Format::kProtobuf, escaping}));
  }
  EXPECT_EQ(Negotiate("text/plain;version=1.0.0;escaping=dots;q=0.2,text/plain;version=0.0.4"),
            kText);
  EXPECT_EQ(Negotiate("text/plain;version=1.0.0;escaping=dots;q=0.2,"
                      "text/plain;version=1.0.0;escaping=values;q=0.3"),
            (Exposition{Format::kText100, Escaping::kValues}));
  EXPECT_EQ(Negotiate("text/plain;version=1.0.0;escaping=underscores;q=0,"
                      "text/plain;version=1.0.0"),
            (Exposition{Format::kText100, Escaping::kAllowUtf8}));
}

TEST(Accept, WeightsDecide) {
  const std::string open = "application/openmetrics-text;version=1.0.0";
  EXPECT_EQ(Negotiate("text/plain;q=0.4," + open + ";q=0.41"), kOpenMetrics);
  EXPECT_EQ(Negotiate("text/plain;q=0.410," + open + ";q=0.401"), kText);
  EXPECT_EQ(Negotiate(open + ";q=1.000,text/plain"), kOpenMetrics) << "the header's order";
  EXPECT_EQ(Negotiate("text/plain," + open), kText);
  EXPECT_EQ(Negotiate("*/*," + open), kOpenMetrics) << "named before any";
  EXPECT_EQ(Negotiate("application/*,text/*;q=0.9"), kOpenMetrics001);
  EXPECT_EQ(Negotiate("text/*;q=0.9,application/*;q=0.1"), kText);
  EXPECT_EQ(Negotiate(open + ";q=2,text/plain;q=0.1"), kText) << "no weight: the range is not read";
  for (const char* weight : {"", "1.1", "-1", "x", "0.5.5", "10", ".", "\""})
    EXPECT_EQ(Negotiate(open + ";q=" + weight + ",text/plain;q=0.1"), kText) << weight;
}

TEST(Accept, ZeroExcludesWhatWildcardsTakeIn) {
  EXPECT_EQ(Negotiate("*/*,text/plain;q=0"), kOpenMetrics001);
  EXPECT_EQ(Negotiate("*/*,text/plain;version=0.0.4;q=0"), kText100);
  EXPECT_EQ(Negotiate("text/*;q=0,application/openmetrics-text;q=0.0,*/*;q=0.1"), kProtobuf);
  EXPECT_EQ(Negotiate("*/*;q=0"), kText) << "nothing is acceptable";
  EXPECT_EQ(Negotiate("*/*;q=0,application/*;q=0.5"), kOpenMetrics001);
}

TEST(Accept, SpacesCaseAndQuotes) {
  EXPECT_EQ(
      Negotiate(" \tApplication/OpenMetrics-Text ; Version = 1.0.0 ;\tQ=0.9 , text/plain;q=0.8"),
      kOpenMetrics);
  EXPECT_EQ(Negotiate("application/openmetrics-text;x=\"a,b;c\\\",\";version=\"1.0.0\""),
            kOpenMetrics);
  EXPECT_EQ(Negotiate(",,;,text/plain;;version=1.0.0;,"), kText100);
}

TEST(Accept, RubbishIsPassedOver) {
  for (const char* header : {"/", "a/", "/b", "*/plain", ";q=1", "\"", "\"\\", "a/b;\"", "=",
                             "text", "text/plain/x", "\\", ";;;;", "q=0"}) {
    EXPECT_EQ(Negotiate(header), kText) << header;
    EXPECT_EQ(Negotiate(std::string("application/openmetrics-text;version=1.0.0,") + header),
              kOpenMetrics)
        << header;
  }
  EXPECT_EQ(Negotiate("application/openmetrics-text;version=1.0.0," + std::string(100'000, 'x')),
            kOpenMetrics);
  std::string beyond(kMaxAcceptBytes, ',');
  beyond += "application/openmetrics-text";
  EXPECT_EQ(Negotiate(beyond), kText) << "what lies behind the limit is not read";
}

// Any bytes: no crash (under the sanitizers), and an offer of ours.
TEST(Accept, AnyBytes) {
  std::mt19937_64 random(20260402);
  const std::string pieces[] = {"text",
                                "/",
                                "plain",
                                ";",
                                ",",
                                "q=",
                                "0.5",
                                "*",
                                "\"",
                                "\\",
                                "=",
                                " ",
                                "version",
                                "1.0.0",
                                "escaping",
                                "values",
                                std::string(1, '\0'),
                                "\xFF",
                                "application/openmetrics-text"};
  int chosen_otherwise = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string header;
    for (std::uint64_t n = random() % 30; n > 0; --n)
      header += pieces[random() % std::size(pieces)];
    const Exposition exposition = Negotiate(header);
    ASSERT_LE(exposition.format, Format::kProtobuf);
    ASSERT_LE(exposition.escaping, Escaping::kValues);
    if (exposition != kText) ++chosen_otherwise;
  }
  EXPECT_GT(chosen_otherwise, 100);
}

TEST(ContentTypes, EchoTheEscaping) {
  EXPECT_EQ(ContentType({}), "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  EXPECT_EQ(ContentType({Format::kText100, Escaping::kAllowUtf8}),
            "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
  EXPECT_EQ(ContentType({Format::kOpenMetrics001, Escaping::kDots}),
            "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=dots");
  EXPECT_EQ(ContentType({Format::kOpenMetrics100, Escaping::kValues}),
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=values");
  EXPECT_EQ(ContentType({Format::kProtobuf, Escaping::kUnderscores}),
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
            "encoding=delimited; escaping=underscores");
}

}  // namespace
}  // namespace nanotally
