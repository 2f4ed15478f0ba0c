// Names: which are legacy names, and every scheme on every kind of name. The expectations are those
// of prometheus/common's own tests where they have the name.
#include "render/name_escaping.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "render/labels.h"

namespace nanotally {
namespace {

TEST(NameEscaping, LegacyNames) {
  for (const char* name : {"a", "A_9", "_", "x_total"}) {
    EXPECT_TRUE(IsLegacyName(name, NameKind::kMetric)) << name;
    EXPECT_TRUE(IsLegacyName(name, NameKind::kLabel)) << name;
  }
  for (const char* name : {":", "a:b"}) {
    EXPECT_TRUE(IsLegacyName(name, NameKind::kMetric)) << name;
    EXPECT_FALSE(IsLegacyName(name, NameKind::kLabel)) << name;
  }
  for (const char* name : {"", "9a", "a.b", "a b", "\xC3\xA9", "a\"", "a-b"}) {
    EXPECT_FALSE(IsLegacyName(name, NameKind::kMetric)) << name;
    EXPECT_FALSE(IsLegacyName(name, NameKind::kLabel)) << name;
  }
}

TEST(NameEscaping, Schemes) {
  struct Case {
    std::string name, underscores, dots, values;
  };
  const std::vector<Case> cases = {
      {"no:escaping_required", "no:escaping_required", "no:escaping_required",
       "no:escaping_required"},
      {"mysystem.prod.west.cpu.load", "mysystem_prod_west_cpu_load",
       "mysystem_dot_prod_dot_west_dot_cpu_dot_load", "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load"},
      {"mysystem.prod.west.cpu.load_total", "mysystem_prod_west_cpu_load_total",
       "mysystem_dot_prod_dot_west_dot_cpu_dot_load__total",
       "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load__total"},
      {"http.status:sum", "http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum"},
      {"label with \xF0\x9F\x98\xB1", "label_with__", "label__with____",
       "U__label_20_with_20__1f631_"},
      {"\xE8\x8A\xB1\xE7\x81\xAB", "__", "____", "U___82b1__706b_"},
      {"9a", "_a", "__a", "U___39_a"},
      {"a\xFF", "a_", "a__", "U__a_fffd_"},
      {"a\xE8\x8A", "a__", "a____", "U__a_fffd__fffd_"},
      {"a\xC0\x80", "a__", "a____", "U__a_fffd__fffd_"},
  };
  for (const Case& c : cases) {
    const auto escape = [&](Escaping e) { return EscapeName(c.name, NameKind::kMetric, e); };
    EXPECT_EQ(escape(Escaping::kAllowUtf8), c.name);
    EXPECT_EQ(escape(Escaping::kUnderscores), c.underscores);
    EXPECT_EQ(escape(Escaping::kDots), c.dots);
    EXPECT_EQ(escape(Escaping::kValues), c.values);
    for (const Escaping e : {Escaping::kUnderscores, Escaping::kDots, Escaping::kValues})
      EXPECT_TRUE(IsLegacyName(escape(e), NameKind::kMetric)) << escape(e);
  }
  EXPECT_EQ(EscapeName("a:b", NameKind::kLabel, Escaping::kUnderscores), "a_b");
  EXPECT_EQ(EscapeName("a:b", NameKind::kLabel, Escaping::kValues), "U__a_3a_b");
}

TEST(NameEscaping, SchemesByName) {
  for (const Escaping e :
       {Escaping::kAllowUtf8, Escaping::kUnderscores, Escaping::kDots, Escaping::kValues}) {
    EXPECT_EQ(FindEscaping(EscapingName(e)), e);
  }
  EXPECT_EQ(FindEscaping("Underscores"), std::nullopt);
  EXPECT_EQ(FindEscaping(""), std::nullopt);
}

constexpr const char* kLabels = R"(a="1","my.label"="x=\"y\",\\","q\"\\\n"="",b=",\"c\"=")";

TEST(Labels, AreTakenOneByOne) {
  std::string_view rest = kLabels;
  std::vector<std::string> seen;
  while (!rest.empty()) {
    const LabelView label = TakeLabel(rest);
    seen.push_back((label.is_quoted ? "quoted " : "") + Unescape(label.name) + " is " +
                   Unescape(label.value));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"a is 1", "quoted my.label is x=\"y\",\\",
                                            "quoted q\"\\\n is ", "b is ,\"c\"="}));
}

TEST(Labels, QuotedNamesAreEscaped) {
  std::string buffer;
  EXPECT_EQ(EscapeLabelNames(kLabels, Escaping::kAllowUtf8, buffer), kLabels);
  EXPECT_EQ(EscapeLabelNames(kLabels, Escaping::kUnderscores, buffer),
            R"(a="1",my_label="x=\"y\",\\",q___="",b=",\"c\"=")");
  EXPECT_EQ(EscapeLabelNames(kLabels, Escaping::kValues, buffer),
            R"(a="1",U__my_2e_label="x=\"y\",\\",U__q_22__5c__a_="",b=",\"c\"=")");
  EXPECT_EQ(EscapeLabelNames("", Escaping::kDots, buffer), "");
  EXPECT_EQ(EscapeLabelNames(R"("a.b"="1")", Escaping::kDots, buffer), R"(a_dot_b="1")");
}

TEST(Labels, TextWithoutQuotedNamesIsLeftAlone) {
  std::string buffer;
  const std::string_view labels = R"(a="1",b="2")";
  EXPECT_EQ(EscapeLabelNames(labels, Escaping::kUnderscores, buffer).data(), labels.data());
  const std::string_view tricky = R"(a="1,",b="\",\"")";
  EXPECT_EQ(EscapeLabelNames(tricky, Escaping::kUnderscores, buffer), tricky);
}

}  // namespace
}  // namespace nanotally
