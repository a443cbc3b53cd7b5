#include <iostream>

#include "app/command.hpp"
#include "app/embedded.hpp"
#include "base/files.hpp"

namespace reelhouse::app {
namespace {

namespace fs = std::filesystem;

Result<int> init(const std::string& folder, bool quiet) {
  std::error_code code;
  if (fs::exists(folder, code) && !(fs::is_directory(folder, code) && fs::is_empty(folder, code)))
    return fail(ErrorKind::kUsage, "this folder exists and is not empty; nothing was written",
                "Name a new one.", folder);
  const auto files = embedded_project();
  for (const auto& file : files) RH_TRY(write_file_atomically(fs::path(folder) / file.path, file.content));
  RH_TRY(
      write_file_atomically(fs::path(folder) / ".gitignore", "/.reelhouse/\n/store/\n/warehouse/\n/lake/\n"));
  if (!quiet)
    std::cerr << fmt::format(
        "{} files written to {}\n\nNext:\n  cd {}\n  reelhouse generate        # a small synthetic lake, or "
        "set "
        "'lake' in reelhouse.yaml\n  reelhouse run\n  reelhouse sql \"show tables\"\n",
        files.size(), folder, folder);
  return kDone;
}

}  // namespace

void add_init(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("init", "A new project, from the one that the program carries");
  auto folder = std::make_shared<std::string>();
  command->add_option("dir", *folder, "Folder to make")->required();
  command->footer("Example:\n  reelhouse init streaming");
  on_run(*command, [&flags, folder] { return init(*folder, flags.quiet); });
}

}  // namespace reelhouse::app
