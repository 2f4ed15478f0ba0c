// Label text: escaping, joining, and finding values again in what was joined.
#include "core/label_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nanotally {
namespace {

using Strings = std::vector<std::string>;
using namespace std::string_literals;

std::string Label(std::string_view name, std::string_view value) {
  std::string text;
  AppendLabel(text, name, value);
  return text;
}

// The other way: what a reader of the text format makes of an escaped value.
std::string Unescape(std::string_view text) {
  std::string raw;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      raw += text[i];
      continue;
    }
    ++i;
    raw += text[i] == 'n' ? '\n' : text[i];
  }
  return raw;
}

TEST(AppendLabel, EscapesWhatTheFormatReserves) {
  EXPECT_EQ(Label("a", "plain"), R"(a="plain")");
  EXPECT_EQ(Label("a", "say \"hi\""), R"(a="say \"hi\"")");
  EXPECT_EQ(Label("a", "back\\slash"), R"(a="back\\slash")");
  EXPECT_EQ(Label("a", "line\nfeed"), R"(a="line\nfeed")");
  EXPECT_EQ(Label("a", "\\n"), R"(a="\\n")") << "a backslash and an n are no line feed";
  EXPECT_EQ(Label("a", "\r\t,={}'"), "a=\"\r\t,={}'\"") << "nothing else is touched";
  EXPECT_EQ(Label("a", "\xF0\x9F\x90\x98"), "a=\"\xF0\x9F\x90\x98\"");
  EXPECT_EQ(Label("a", "\0b\0"s),
            "a=\"\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
}

TEST(AppendLabel, SeparatesByCommas) {
  std::string text;
  AppendLabel(text, "a", "1");
  AppendLabel(text, "b", "2");
  EXPECT_EQ(text, R"(a="1",b="2")");
}

TEST(AppendLabel, QuotesNamesThatAreNotPlain) {
  EXPECT_EQ(Label("my.label", "v"), R"("my.label"="v")");
  EXPECT_EQ(Label("1a", "v"), R"("1a"="v")") << "a digit first";
  EXPECT_EQ(Label("a:b", "v"), R"("a:b"="v")") << "colons are for metrics";
  EXPECT_EQ(Label("\xC3\xA9", "v"), "\"\xC3\xA9\"=\"v\"");
  EXPECT_EQ(Label("a\"b\\c\nd", "v"), R"("a\"b\\c\nd"="v")");
  EXPECT_EQ(Label("_A9z", "v"), R"(_A9z="v")");
  std::string text;
  AppendLabel(text, "a", "1");
  AppendLabel(text, "b c", "2");
  AppendEscapedLabel(text, "d,", R"(\")");
  AppendEscapedLabel(text, "e", R"(\\)");
  EXPECT_EQ(text, R"(a="1","b c"="2","d,"="\"",e="\\")");
}

TEST(IsPlainLabelName, IsTheLegacyPattern) {
  for (const char* name : {"a", "_", "A_9", "__name__", "z0"})
    EXPECT_TRUE(IsPlainLabelName(name)) << name;
  for (const char* name : {"", "9", "a:b", "a-b", "a.b", " a", "a\n", "\xC3\xA9", "a\xC3\xA9"})
    EXPECT_FALSE(IsPlainLabelName(name)) << name;
  EXPECT_FALSE(IsPlainLabelName("a\0b"s));
}

TEST(LabelText, LeavesOutEmptyValues) {
  const Strings names = {"a", "b", "c"};
  EXPECT_EQ(LabelText(names, Strings{"1", "2", "3"}), R"(a="1",b="2",c="3")");
  EXPECT_EQ(LabelText(names, Strings{"1", "", "3"}), R"(a="1",c="3")");
  EXPECT_EQ(LabelText(names, Strings{"", "", "3"}), R"(c="3")");
  EXPECT_EQ(LabelText(names, Strings{"", "", ""}), "");
  EXPECT_EQ(LabelText(Strings{}, Strings{}), "");
}

TEST(FindLabel, FindsAmongNastyValues) {
  // Values that look like more labels, end in an escape, or hold every delimiter.
  const Strings names = {"a", "b", "ab", "c", "d"};
  const Strings values = {R"(",b="wrong)", "right\\", "=\",\\\"", "\n\",d=\"x", "last"};
  const std::string text = LabelText(names, values);
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(Unescape(FindLabel(text, names[i])), values[i]) << names[i];
  }
  EXPECT_EQ(FindLabel(text, "e"), "");
  EXPECT_EQ(FindLabel(text, ""), "");
  EXPECT_EQ(FindLabel("", "a"), "");
  EXPECT_EQ(FindLabel(kOverflowLabels, "otel_metric_overflow"), "true");
}

TEST(FindLabel, TellsNastyNamesApart) {
  // Names that look like other labels, or like the escaped form of each other.
  const Strings names = {
      "a",     R"(a="1")", R"(a\)", R"(a\\)", R"(a\")",          "a\"", "a\n", "a\\n",
      "\"a\"", "a b",      ",",     "=",      "\xF0\x9F\x90\x98"};
  Strings values;
  for (std::size_t i = 0; i < names.size(); ++i) values.push_back("\"" + std::to_string(i) + "=\\");
  const std::string text = LabelText(names, values);
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(Unescape(FindLabel(text, names[i])), values[i]) << names[i];
  for (const char* absent : {"", "b", "a ", "\"", "\\", "n", "a\\", "\"a"}) {
    const bool is_there = std::find(names.begin(), names.end(), absent) != names.end();
    EXPECT_EQ(FindLabel(text, absent).empty(), !is_there) << absent;
  }
}

TEST(FindLabel, FindsEveryLabelOfRandomNames) {
  constexpr char kAlphabet[] = {'"', '\\', '\n', ',', '=', 'a', 'n', '.'};
  std::mt19937_64 random(20251126);
  std::size_t found = 0;
  for (int round = 0; round < 5'000; ++round) {
    Strings names, values;
    while (names.size() < 6) {
      std::string name;
      for (std::size_t length = 1 + random() % 4; length > 0; --length)
        name += kAlphabet[random() % std::size(kAlphabet)];
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    // The last is not in the text: another's name must not be taken for it.
    for (std::size_t i = 0; i + 1 < names.size(); ++i) values.push_back(std::to_string(i + 1));
    const std::string text = LabelText(std::span(names).first(values.size()), values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(FindLabel(text, names[i]), values[i]) << text << " " << names[i];
      ++found;
    }
    ASSERT_EQ(FindLabel(text, names.back()), "") << text << " " << names.back();
  }
  EXPECT_EQ(found, 25'000u);
}

TEST(FindLabel, FindsEveryLabelOfRandomTexts) {
  constexpr char kAlphabet[] = {'"', '\\', '\n', ',', '=', 'a', 'n', ' ', '{', '}'};
  const Strings names = {"a", "aa", "n", "na", "b_1"};
  std::mt19937_64 random(20251125);
  std::size_t found = 0;
  for (int round = 0; round < 20'000; ++round) {
    Strings values;
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::string value;
      for (std::size_t length = random() % 6; length > 0; --length) {
        value += kAlphabet[random() % std::size(kAlphabet)];
      }
      values.push_back(value);
    }
    const std::string text = LabelText(names, values);
    for (std::size_t i = 0; i < names.size(); ++i) {
      ASSERT_EQ(Unescape(FindLabel(text, names[i])), values[i]) << text;
      found += values[i].empty() ? 0 : 1;
    }
  }
  EXPECT_GT(found, 50'000u);
}

TEST(LabelText, DifferentValuesNeverShareAText) {
  // All pairs of values of up to two characters of the alphabet that could be mistaken.
  constexpr std::string_view kAlphabet = "\"\\\n,=n";
  Strings values = {""};
  for (const char a : kAlphabet) {
    values.emplace_back(1, a);
    for (const char b : kAlphabet) values.push_back(std::string{a, b});
  }
  const Strings names = {"a", "b"};
  Strings texts;
  for (const std::string& first : values) {
    for (const std::string& second : values) {
      texts.push_back(LabelText(names, Strings{first, second}));
    }
  }
  std::sort(texts.begin(), texts.end());
  EXPECT_EQ(std::adjacent_find(texts.begin(), texts.end()), texts.end());
  EXPECT_EQ(texts.size(), 43u * 43u);
}

TEST(LabelText, DifferentNamesNeverShareAText) {
  constexpr std::string_view kAlphabet = "\"\\\n,=n";
  Strings names;
  for (const char a : kAlphabet) {
    names.emplace_back(1, a);
    for (const char b : kAlphabet) names.push_back(std::string{a, b});
  }
  Strings texts;
  for (const std::string& first : names) {
    for (const std::string& second : names)
      texts.push_back(LabelText(Strings{first, second}, Strings{"=\"n\"", "n"}));
  }
  std::sort(texts.begin(), texts.end());
  EXPECT_EQ(std::adjacent_find(texts.begin(), texts.end()), texts.end());
  EXPECT_EQ(texts.size(), 42u * 42u);
}

TEST(LabelValue, GivesBackWhatWasJoined) {
  const Strings names = {"a", "my.label", "b"};
  const Strings values = {"",
                          "plain",
                          "\"",
                          "\\",
                          "\n",
                          "\\n",
                          "a\"b\\",
                          "\\\\\"\n",
                          "x=\"y\"",
                          "b=\"",
                          "\xC3\xA9\xF0\x9F\x98\x80"};
  int checked = 0;
  for (const std::string& first : values) {
    for (const std::string& second : values) {
      for (const std::string& third : values) {
        const std::string text = LabelText(names, Strings{first, second, third});
        ASSERT_EQ(LabelValue(text, "a"), first) << text;
        ASSERT_EQ(LabelValue(text, "my.label"), second) << text;
        ASSERT_EQ(LabelValue(text, "b"), third) << text;
        ++checked;
      }
    }
  }
  EXPECT_EQ(checked, 11 * 11 * 11);
  EXPECT_EQ(LabelValue("", "a"), "");
  EXPECT_EQ(LabelValue(Label("a", "x"), "absent"), "");
  EXPECT_EQ(LabelValue(Label("a", "a\0b"s), "a"),
            "a\xEF\xBF\xBD"
            "b")
      << "NUL was replaced";
}

TEST(EscapeHelp, EscapesBackslashLineFeedAndNulOnly) {
  EXPECT_EQ(EscapeHelp("plain \"quoted\""), "plain \"quoted\"");
  EXPECT_EQ(EscapeHelp("a\\b\nc"), R"(a\\b\nc)");
  EXPECT_EQ(EscapeHelp("a\0b"s),
            "a\xEF\xBF\xBD"
            "b");
}

}  // namespace
}  // namespace nanotally
