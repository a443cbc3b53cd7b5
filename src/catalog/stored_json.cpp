#include "catalog/stored_json.hpp"

namespace reelhouse::catalog {
namespace {

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Reads JSON by `read`; whatever is wrong with it comes back as kDamaged.
template <typename T, typename Read>
Result<T> parse(const std::string& text, Read read) {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception& e) {
    return fail(ErrorKind::kDamaged, fmt::format("reading the catalog: {}", e.what()),
                "Delete the catalog's file and crawl again.");
  }
}

Json to_json(const FieldProfile& field) {
  return Json{{"nulls", field.nulls},
              {"kinds", field.kinds},
              {"evidence", field.evidence},
              {"longest", field.longest},
              {"example", field.example}};
}

FieldProfile field_from(const Json& json) {
  FieldProfile field;
  field.nulls = json.at("nulls").get<uint64_t>();
  field.kinds = json.at("kinds").get<std::array<uint64_t, kValueKinds>>();
  if (const auto evidence = json.find("evidence"); evidence != json.end())  // not in the catalogs of 0.1
    field.evidence = evidence->get<std::array<uint64_t, kEvidences>>();
  field.longest = json.at("longest").get<uint64_t>();
  field.example = json.at("example").get<std::string>();
  return field;
}

/// Throws as the JSON library does when the catalog holds no such change.
ChangeKind change_of(const std::string& name) {
  const auto kind = change_kind(name);
  if (!kind) throw Json::other_error::create(501, fmt::format("'{}' is no change", name), nullptr);
  return *kind;
}

}  // namespace

std::string stored(const ObjectProfile& profile) {
  Json fields = Json::array();
  for (const auto& field : profile.fields) fields.push_back(to_json(field));
  Json doubled = Json::array();
  for (const auto& pair : profile.doubled)
    doubled.push_back(Json::array({pair.first, pair.second, pair.differing}));
  return dump(Json{{"format", catalog::to_json(profile.format)},
                   {"doubled", std::move(doubled)},
                   {"records", profile.records},
                   {"rejected", profile.rejected},
                   {"content_hash", profile.content_hash},
                   {"uncompressed_bytes", profile.uncompressed_bytes},
                   {"fields", std::move(fields)}});
}

Result<ObjectProfile> profile_from(const std::string& text) {
  return parse<ObjectProfile>(text, [](const Json& json) {
    ObjectProfile profile;
    profile.format = format_from_json(json.at("format"));
    profile.records = json.at("records").get<uint64_t>();
    profile.rejected = json.at("rejected").get<uint64_t>();
    profile.content_hash = json.at("content_hash").get<std::string>();
    profile.uncompressed_bytes = json.at("uncompressed_bytes").get<uint64_t>();
    for (const auto& field : json.at("fields")) profile.fields.push_back(field_from(field));
    for (const auto& pair : json.value("doubled", Json::array()))  // not in the catalogs of 0.1
      profile.doubled.push_back(
          {pair.at(0).get<size_t>(), pair.at(1).get<size_t>(), pair.at(2).get<uint64_t>()});
    return profile;
  });
}

std::string stored(const std::vector<CatalogColumn>& columns) {
  Json json = Json::array();
  for (const auto& column : columns)
    json.push_back(Json{{"name", column.name},
                        {"field", column.field},
                        {"type", column.type},
                        {"profile", to_json(column.profile)}});
  return dump(json);
}

Result<std::vector<CatalogColumn>> columns_from(const std::string& text) {
  return parse<std::vector<CatalogColumn>>(text, [](const Json& json) {
    std::vector<CatalogColumn> columns;
    for (const auto& column : json)
      columns.push_back({column.at("name").get<std::string>(), column.at("field").get<std::string>(),
                         column.at("type").get<std::string>(), field_from(column.at("profile"))});
    return columns;
  });
}

std::string stored(const std::vector<Change>& changes) {
  Json json = Json::array();
  for (const auto& change : changes)
    json.push_back(Json::array({name_of(change.what), change.table, change.subject, change.detail}));
  return dump(json);
}

Result<std::vector<Change>> changes_from(const std::string& text) {
  return parse<std::vector<Change>>(text, [](const Json& json) {
    std::vector<Change> changes;
    for (const auto& change : json)
      changes.push_back({change_of(change.at(0).get<std::string>()), change.at(1).get<std::string>(),
                         change.at(2).get<std::string>(), change.at(3).get<std::string>()});
    return changes;
  });
}

}  // namespace reelhouse::catalog
