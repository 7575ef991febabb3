#include "bench/program/terms.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "topology/document.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"

namespace bench {
namespace {

/// "Recursive_Halving" is "recursive halving", and "--tp" is "tp".
std::string folded(std::string_view text) {
  while (text.size() > 1 && text.front() == '-') text.remove_prefix(1);
  std::string out;
  for (const char c : text)
    out +=
        c == '_' || c == '-' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::vector<Term> terms_where(const std::vector<Term>& terms,
                              bool (*fits)(const Term&, const std::string&),
                              std::string_view typed) {
  std::vector<Term> found;
  const std::string text = folded(typed);
  std::copy_if(terms.begin(), terms.end(), std::back_inserter(found), [&](const Term& term) {
    return fits(term, text);
  });
  return found;
}

bool named_so(const Term& term, const std::string& text) {
  return folded(term.name) == text;
}

bool also_called_so(const Term& term, const std::string& text) {
  return std::any_of(term.also.begin(), term.also.end(), [&](const std::string& other) {
    return folded(other) == text;
  });
}

}  // namespace

bool Term::is_called(std::string_view typed) const {
  return named_so(*this, folded(typed)) || also_called_so(*this, folded(typed));
}

std::vector<Term> load_terms() {
  if (!std::filesystem::exists(RAINIER_TERMS))
    throw topology::Error(topology::ErrorKind::environment,
                          "there is no file " RAINIER_TERMS ": the terms are kept there");
  topology::Document document = topology::Document::load(RAINIER_TERMS);
  std::vector<Term> terms;
  for (topology::Table* table : document.root().tables("term"))
    terms.push_back({table->get<std::string>("group"),
                     table->get<std::string>("name"),
                     table->get_or<std::vector<std::string>>("also", {}),
                     table->get<std::string>("text"),
                     table->get<std::string>("read")});
  document.root().finish();
  return terms;
}

std::vector<Term> find_terms(const std::vector<Term>& terms, std::string_view typed) {
  std::vector<Term> found = terms_where(terms, named_so, typed);
  if (found.empty()) found = terms_where(terms, also_called_so, typed);
  return found;
}

void refuse_term(const std::vector<Term>& terms,
                 std::string_view typed,
                 std::vector<std::string> more) {
  for (const Term& term : terms) {
    more.push_back(term.name);
    more.insert(more.end(), term.also.begin(), term.also.end());
  }
  const std::string near = topology::nearest(typed, more);
  topology::usage_error("no term is called '" + std::string(typed) + "'; " +
                        (near.empty() ? "" : "did you mean '" + near + "'? ") +
                        "rainier explain lists all");
}

std::vector<std::string> term_names() {
  std::vector<std::string> names;
  for (const Term& term : load_terms()) names.push_back(term.name);
  return names;
}

}  // namespace bench
