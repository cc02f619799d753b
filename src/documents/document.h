// A document for people, before it is laid out: a title, and under it headings, paragraphs, tables
// and bars in the order of reading. A value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace madoguchi::documents {

struct Heading {
  std::string text;
};

struct Paragraph {
  std::string text;
  bool quiet = false;  // smaller, grey
};

// Letters of one width, every line as it is; too long a line goes on in the next.
struct Verbatim {
  std::string text;
};

struct Column {
  std::string head;
  double share = 1;  // of the page's width, among the others
  bool number = false;
};
// Of a row the first cells count, as many as there are columns. Goes on over pages, under its head
// again.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

// One bar a value, labelled below.
struct Bars {
  std::vector<std::pair<std::string, std::uint64_t>> values;
};

using Block = std::variant<Heading, Paragraph, Verbatim, Table, Bars>;

struct Document {
  std::string title;
  std::string subtitle;
  std::string footer;           // of every page, before its number
  std::string language = "ja";  // of the letters' shapes: "ja" or "en"
  std::vector<Block> blocks;
};

}  // namespace madoguchi::documents
