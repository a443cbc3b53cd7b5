#include "base/temporary_file.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKey = ".write-check";
/// An ETag that no object has.
constexpr const char* kNobodys = "00000000000000000000000000000000";

Result<> heeds_conditions(ObjectStore& store, const fs::path& file) {
  const auto stored = store.put_if(file, kKey, kNobodys);
  if (!stored && stored.error().kind == ErrorKind::kBusy) return {};
  if (!stored) return fail(stored.error());
  return fail(ErrorKind::kUsage,
              "the server does not heed If-Match: of two machines that publish at once both would win",
              "Use a server that knows conditional writes, or a warehouse elsewhere.", store.name());
}

}  // namespace

Result<> check_writable(ObjectStore& store, WriteCheck check) {
  const auto tried = [&](Result<> outcome) -> Result<> {
    if (outcome) return {};
    Error error = std::move(outcome).error();
    if (error.kind != ErrorKind::kInterrupted)
      error.message = "trying whether anything can be written: " + error.message;
    return fail(std::move(error));
  };
  RH_ASSIGN(const TemporaryFile file, TemporaryFile::make("x"));
  RH_TRY(tried(store.put(file.path(), kKey)));
  const auto heeded = check == WriteCheck::kConditional ? heeds_conditions(store, file.path()) : Result<>();
  auto removed = store.remove(kKey);
  RH_TRY(tried(heeded));
  // Who may not remove publishes all the same; old versions stay then, which the run says.
  if (!removed && removed.error().kind == ErrorKind::kPermission) return {};
  return tried(std::move(removed));
}

}  // namespace reelhouse::lake
