#include "lake/drops.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/files.hpp"
#include "base/temporary_file.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIncomplete = ".incomplete";
constexpr size_t kDateLength = 10;
constexpr size_t kMostDigits = 6;

Error taken(const std::string& folder) {
  return {ErrorKind::kBusy, "there is a delivery of that name, or somebody else puts one",
          "Choose another name.", folder};
}

/// True when the marker is of the same owner: a process of ours that died.
Result<bool> is_ours(const ObjectStore& store, const std::string& marker, const std::string& owner) {
  RH_ASSIGN(const ObjectInfo info, store.head(marker));
  RH_ASSIGN(const fs::path local, store.local_copy(info));
  RH_ASSIGN(const std::string text, read_file(local));
  return text == owner;
}

/// Takes a folder for this owner; true when a part of it may be there already.
Result<bool> claim(ObjectStore& store, const std::string& folder, const std::string& owner) {
  const std::string marker = incomplete_marker(folder);
  RH_ASSIGN(const TemporaryFile text, TemporaryFile::make(owner));
  const auto left = store.list(folder + "/");
  if (!left && left.error().kind != ErrorKind::kNotFound) return fail(left.error());
  const bool any = left && !left->empty();
  const auto marked = store.head(marker);
  if (!marked && marked.error().kind != ErrorKind::kNotFound) return fail(marked.error());
  if (marked) {
    RH_ASSIGN(const bool ours, is_ours(store, marker, owner));
    if (ours) return true;
    return fail(taken(folder));
  }
  if (any) return fail(taken(folder));
  RH_TRY(store.put_if(text.path(), marker, std::nullopt));
  RH_ASSIGN(const auto now, store.list(folder + "/"));
  if (now.empty()) return false;
  RH_TRY(store.remove(marker));
  return fail(taken(folder));
}

}  // namespace

std::string DropName::to_string() const {
  return fmt::format("drop={}{}", to_iso(day), number > 1 ? fmt::format(".{}", number) : "");
}

std::optional<DropName> parse_drop(std::string_view text) {
  DropName name;
  if (text.size() < kDateLength || !parse_date(text.substr(0, kDateLength), name.day)) return std::nullopt;
  const std::string_view rest = text.substr(kDateLength);
  if (rest.empty()) return name;
  if (rest.size() < 2 || rest.size() > 1 + kMostDigits || rest[0] != '.' || rest[1] < '1' || rest[1] > '9')
    return std::nullopt;
  const auto read = std::from_chars(rest.data() + 1, rest.data() + rest.size(), name.number);
  if (read.ptr != rest.data() + rest.size() || name.number < 2) return std::nullopt;
  return name;
}

std::string incomplete_marker(const std::string& folder) {
  return folder + std::string(kIncomplete);
}

std::vector<std::string> leave_out_incomplete(std::vector<ObjectInfo>& listing) {
  std::set<std::string> folders;
  for (const auto& object : listing)
    if (object.key.ends_with(kIncomplete))
      folders.insert(object.key.substr(0, object.key.size() - kIncomplete.size()));
  std::vector<std::string> left_out;
  if (folders.empty()) return left_out;
  std::erase_if(listing, [&](const ObjectInfo& object) {
    if (object.key.ends_with(kIncomplete)) return true;
    for (size_t slash = object.key.find('/'); slash != std::string::npos;
         slash = object.key.find('/', slash + 1))
      if (folders.contains(object.key.substr(0, slash))) {
        left_out.push_back(object.key);
        return true;
      }
    return false;
  });
  return left_out;
}

Result<> put_folder_by_marker(ObjectStore& store, std::span<const FolderFile> files,
                              const std::string& folder, const std::string& owner) {
  RH_ASSIGN(const bool again, claim(store, folder, owner));
  if (again) {
    RH_ASSIGN(const auto left, store.list(folder + "/"));
    for (const auto& object : left) {
      const bool wanted = std::ranges::any_of(
          files, [&](const FolderFile& file) { return folder + "/" + file.name == object.key; });
      if (!wanted) RH_TRY(store.remove(object.key));
    }
  }
  for (const auto& file : files) RH_TRY(store.put(file.file, folder + "/" + file.name));
  return store.remove(incomplete_marker(folder));
}

Result<> put_text(ObjectStore& store, const std::string& text, const std::string& key) {
  RH_ASSIGN(const TemporaryFile file, TemporaryFile::make(text));
  return store.put(file.path(), key);
}

}  // namespace reelhouse::lake
