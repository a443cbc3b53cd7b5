#include "workflow/trigger/marks.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/json.hpp"

namespace reelhouse::workflow {
namespace {

int64_t number_of(Time time) {
  return time.time_since_epoch().count();
}

/// Reads marks leniently: one that cannot be read counts as absent, and its trigger begins anew.
class MarkReader {
 public:
  explicit MarkReader(const std::string& content) : json_(Json::parse(content, nullptr, false)) {}

  std::optional<std::string> text(const char* name) const {
    const auto found = find(name);
    if (!found || !found->is_string()) return std::nullopt;
    return unescape(found->get<std::string>());
  }

  std::optional<Time> time(const char* name) const {
    const auto found = find(name);
    if (!found || !found->is_number_integer()) return std::nullopt;
    return Time(Time::duration(found->get<int64_t>()));
  }

  std::optional<Json> find(const char* name) const {
    if (!json_.is_object() || !json_.contains(name)) return std::nullopt;
    return json_[name];
  }

 private:
  Json json_;
};

}  // namespace

std::string escape(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes)
    if (c > ' ' && c < '\x7f' && c != '%')
      text += c;
    else
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return text;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      bytes += text[at];
      continue;
    }
    unsigned value = 0;
    const auto hex = text.substr(at + 1, 2);
    const auto [end, code] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    if (hex.size() != 2 || code != std::errc() || end != hex.data() + 2) return std::nullopt;
    bytes += static_cast<char>(value);
    at += 2;
  }
  return bytes;
}

std::string ScheduleMark::content() const {
  Json json = {{"cron", escape(cron)}, {"zone", zone}, {"until", number_of(until)}};
  if (once_was) json["once_was"] = number_of(*once_was);
  return json.dump();
}

std::optional<ScheduleMark> ScheduleMark::read(const std::string& content) {
  const MarkReader mark(content);
  const auto cron = mark.text("cron");
  const auto zone = mark.text("zone");
  const auto until = mark.time("until");
  if (!cron || !zone || !until) return std::nullopt;
  return ScheduleMark{*cron, *zone, *until, mark.time("once_was")};
}

std::string ObjectsMark::content() const {
  Json json = {{"prefix", escape(prefix)}};
  if (since) json["since"] = number_of(*since);
  if (!batch.empty()) {
    Json& keys = json["batch"] = Json::array();
    for (const auto& [key, change] : batch)
      keys.push_back(std::string(1, static_cast<char>(change)) + escape(key));
  }
  return json.dump();
}

std::optional<ObjectsMark> ObjectsMark::read(const std::string& content) {
  const MarkReader reader(content);
  const auto prefix = reader.text("prefix");
  if (!prefix) return std::nullopt;
  ObjectsMark mark{*prefix, reader.time("since"), {}};
  const auto batch = reader.find("batch");
  if (batch && !batch->is_array()) return std::nullopt;
  for (const auto& item : batch.value_or(Json::array())) {
    const std::string text = item.is_string() ? item.get<std::string>() : "";
    const auto key = unescape(std::string_view(text).substr(text.empty() ? 0 : 1));
    if (text.empty() || std::string_view("cmd").find(text[0]) == std::string_view::npos || !key)
      return std::nullopt;
    mark.batch[*key] = static_cast<Change>(text[0]);
  }
  if (mark.since.has_value() == mark.batch.empty()) return std::nullopt;
  return mark;
}

std::string AfterMark::content() const {
  return Json{{"after", escape(workflow)}, {"are", are}, {"since", number_of(since)}}.dump();
}

std::optional<AfterMark> AfterMark::read(const std::string& content) {
  const MarkReader mark(content);
  const auto workflow = mark.text("after");
  const auto are = mark.find("are");
  const auto since = mark.time("since");
  if (!workflow || !are || !are->is_number_integer() || !since) return std::nullopt;
  return AfterMark{*workflow, are->get<int>(), *since};
}

}  // namespace reelhouse::workflow
