#include "documents/pdf.h"

#include <cairo-pdf.h>
#include <fmt/format.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace madoguchi::documents {
namespace {

// Points: 1/72 inch.
constexpr double kWidth = 595.28;
constexpr double kHeight = 841.89;
constexpr double kMargin = 54;
constexpr double kInner = kWidth - 2 * kMargin;
constexpr double kFoot = 30;
constexpr double kCellPadding = 4;
constexpr double kBarsHeight = 64;
constexpr double kBarsWhole = kBarsHeight + 34;  // with what stands above and below

constexpr const char* kText = "Noto Sans CJK JP, sans-serif";
constexpr const char* kFixed = "Noto Sans Mono CJK JP, monospace";

struct Style {
  const char* family = kText;
  double points = 10;
  bool bold = false;
  double grey = 0.1;
  bool right = false;
};
constexpr Style kTitle{kText, 18, true};
constexpr Style kSubtitle{kText, 11, false, 0.35};
constexpr Style kHeading{kText, 12.5, true};
constexpr Style kPlain{};
constexpr Style kQuiet{kText, 9, false, 0.35};
constexpr Style kVerbatim{kFixed, 8};
constexpr Style kHead{kText, 9, true};
constexpr Style kLabel{kText, 6.5, false, 0.35};

template <auto Free>
struct FreedBy {
  template <typename T>
  void operator()(T* held) const {
    Free(held);
  }
};
using Surface = std::unique_ptr<cairo_surface_t, FreedBy<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, FreedBy<cairo_destroy>>;
using Layout = std::unique_ptr<PangoLayout, FreedBy<g_object_unref>>;
using Font = std::unique_ptr<PangoFontDescription, FreedBy<pango_font_description_free>>;

cairo_status_t append(void* bytes, const unsigned char* data, unsigned length) {
  static_cast<Bytes*>(bytes)->insert(static_cast<Bytes*>(bytes)->end(), data, data + length);
  return CAIRO_STATUS_SUCCESS;
}

class Pages {
 public:
  explicit Pages(const Document& document)
      : document_(document),
        surface_(cairo_pdf_surface_create_for_stream(append, &bytes_, kWidth, kHeight)),
        cairo_(cairo_create(surface_.get())) {
    cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_TITLE,
                                   document.title.c_str());
  }

  Result<Bytes> lay_out() {
    paragraph(document_.title, kTitle, 2);
    paragraph(document_.subtitle, kSubtitle, 14);
    for (const Block& block : document_.blocks)
      std::visit([this](const auto& one) { put(one); }, block);
    end_page();
    cairo_surface_finish(surface_.get());
    if (unknown_)
      return fail(ErrorCode::kUnavailable,
                  "no font of this system has all letters of the document; install one that has "
                  "(Debian: fonts-noto-cjk)");
    if (const auto status = cairo_surface_status(surface_.get()); status != CAIRO_STATUS_SUCCESS)
      return fail(ErrorCode::kInternal,
                  fmt::format("the PDF could not be made: {}", cairo_status_to_string(status)));
    return std::move(bytes_);
  }

 private:
  struct Laid {
    Layout layout;
    double height = 0;
  };

  Laid lay(const std::string& text, const Style& style, double width) {
    Laid laid{Layout(pango_cairo_create_layout(cairo_.get())), 0};
    PangoLayout* layout = laid.layout.get();
    const Font font(pango_font_description_from_string(style.family));
    pango_font_description_set_absolute_size(font.get(), style.points * PANGO_SCALE);
    pango_font_description_set_weight(font.get(),
                                      style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_context_set_language(pango_layout_get_context(layout),
                               pango_language_from_string(document_.language.c_str()));
    pango_layout_set_font_description(layout, font.get());
    pango_layout_set_width(layout, static_cast<int>(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_spacing(layout, static_cast<int>(style.points * 0.15 * PANGO_SCALE));
    if (style.right) pango_layout_set_alignment(layout, PANGO_ALIGN_RIGHT);
    pango_layout_set_text(layout, text.c_str(), static_cast<int>(text.size()));
    if (pango_layout_get_unknown_glyphs_count(layout) > 0) unknown_ = true;
    int height = 0;
    pango_layout_get_size(layout, nullptr, &height);
    laid.height = static_cast<double>(height) / PANGO_SCALE;
    return laid;
  }

  void show(const Laid& laid, const Style& style, double x, double y) {
    cairo_set_source_rgb(cairo_.get(), style.grey, style.grey, style.grey);
    cairo_move_to(cairo_.get(), x, y);
    pango_cairo_show_layout(cairo_.get(), laid.layout.get());
  }

  [[nodiscard]] static double bottom() { return kHeight - kMargin - kFoot / 2; }
  [[nodiscard]] bool fits(double height) const { return at_ + height <= bottom(); }
  void make_room(double height) {
    if (!fits(height) && at_ > kMargin) next_page();
  }
  void next_page() {
    end_page();
    at_ = kMargin;
  }
  void end_page() {
    ++page_;
    const Laid footer = lay(document_.footer, kQuiet, kInner * 0.9);
    show(footer, kQuiet, kMargin, kHeight - kFoot - footer.height / 2);
    Style number = kQuiet;
    number.right = true;
    const Laid counted = lay(fmt::format("{}", page_), number, kInner);
    show(counted, number, kMargin, kHeight - kFoot - counted.height / 2);
    cairo_show_page(cairo_.get());
  }

  // Line by line, so that a long one goes on over the page's end.
  void paragraph(const std::string& text, const Style& style, double after) {
    const Laid laid = lay(text, style, kInner);
    cairo_set_source_rgb(cairo_.get(), style.grey, style.grey, style.grey);
    for (int i = 0; i < pango_layout_get_line_count(laid.layout.get()); ++i) {
      PangoLayoutLine* line = pango_layout_get_line_readonly(laid.layout.get(), i);
      PangoRectangle box;
      pango_layout_line_get_extents(line, nullptr, &box);
      const double height = static_cast<double>(box.height) / PANGO_SCALE + style.points * 0.15;
      make_room(height);
      cairo_set_source_rgb(cairo_.get(), style.grey, style.grey, style.grey);
      cairo_move_to(cairo_.get(), kMargin, at_ - static_cast<double>(box.y) / PANGO_SCALE);
      pango_cairo_show_layout_line(cairo_.get(), line);
      at_ += height;
    }
    at_ += after;
  }

  void put(const Heading& heading) {
    make_room(40 + kBarsWhole);  // not alone at a page's end
    at_ += 8;
    paragraph(heading.text, kHeading, 4);
  }
  void put(const Paragraph& text) { paragraph(text.text, text.quiet ? kQuiet : kPlain, 6); }
  void put(const Verbatim& text) { paragraph(text.text, kVerbatim, 8); }

  void put(const Table& table) {
    std::vector<std::string> heads;
    for (const Column& column : table.columns) heads.push_back(column.head);
    const auto head_row = lay_row(table, heads, kHead);
    make_room(height_of(head_row) * 2);
    draw_row(table, head_row, kHead, 0.45);
    for (const auto& cells : table.rows) {
      const auto row = lay_row(table, cells, kPlain);
      if (!fits(height_of(row))) {
        next_page();
        draw_row(table, head_row, kHead, 0.45);
      }
      draw_row(table, row, kPlain, 0.85);
    }
    at_ += 10;
  }

  std::vector<Laid> lay_row(const Table& table, const std::vector<std::string>& cells,
                            const Style& style) {
    double shares = 0;
    for (const Column& column : table.columns) shares += column.share;
    std::vector<Laid> row;
    for (std::size_t i = 0; i < std::min(cells.size(), table.columns.size()); ++i) {
      Style of = style;
      of.right = table.columns[i].number;
      row.push_back(lay(cells[i], of, kInner * table.columns[i].share / shares - 2 * kCellPadding));
    }
    return row;
  }
  static double height_of(const std::vector<Laid>& row) {
    double height = 0;
    for (const Laid& cell : row) height = std::max(height, cell.height);
    return height + kCellPadding;
  }
  void draw_row(const Table& table, const std::vector<Laid>& row, const Style& style, double line) {
    double shares = 0;
    for (const Column& column : table.columns) shares += column.share;
    double x = kMargin;
    for (std::size_t i = 0; i < row.size(); ++i) {
      show(row[i], style, x + kCellPadding, at_ + kCellPadding / 2);
      x += kInner * table.columns[i].share / shares;
    }
    at_ += height_of(row);
    cairo_set_source_rgb(cairo_.get(), line, line, line);
    cairo_set_line_width(cairo_.get(), 0.6);
    cairo_move_to(cairo_.get(), kMargin, at_);
    cairo_line_to(cairo_.get(), kWidth - kMargin, at_);
    cairo_stroke(cairo_.get());
  }

  void put(const Bars& bars) {
    if (bars.values.empty()) return;
    make_room(kBarsWhole);
    at_ += 10;
    std::uint64_t most = 1;
    for (const auto& [label, value] : bars.values) most = std::max(most, value);
    const double each = kInner / static_cast<double>(bars.values.size());
    for (std::size_t i = 0; i < bars.values.size(); ++i) {
      const auto& [label, value] = bars.values[i];
      const double tall = kBarsHeight * static_cast<double>(value) / static_cast<double>(most);
      const double x = kMargin + each * static_cast<double>(i);
      cairo_set_source_rgb(cairo_.get(), 0.25, 0.42, 0.62);
      cairo_rectangle(cairo_.get(), x + each * 0.15, at_ + kBarsHeight - tall, each * 0.7, tall);
      cairo_fill(cairo_.get());
      const Laid below = lay(label, kLabel, each);
      show(below, kLabel, x + each * 0.15, at_ + kBarsHeight + 3);
    }
    cairo_set_source_rgb(cairo_.get(), 0.45, 0.45, 0.45);
    cairo_set_line_width(cairo_.get(), 0.6);
    cairo_move_to(cairo_.get(), kMargin, at_ + kBarsHeight);
    cairo_line_to(cairo_.get(), kWidth - kMargin, at_ + kBarsHeight);
    cairo_stroke(cairo_.get());
    const Laid scale = lay(fmt::format("{}", most), kLabel, kInner);
    show(scale, kLabel, kMargin, at_ - scale.height);
    at_ += kBarsHeight + 24;
  }

  const Document& document_;
  Bytes bytes_;  // before the surface, which writes into it until it goes
  const Surface surface_;
  const Context cairo_;
  double at_ = kMargin;  // where the next block begins
  int page_ = 0;
  bool unknown_ = false;
};

}  // namespace

Result<Bytes> as_pdf(const Document& document) {
  return Pages(document).lay_out();
}

}  // namespace madoguchi::documents
