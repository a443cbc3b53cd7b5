#include <iostream>

#include "app/command.hpp"

namespace reelhouse::app {
namespace {

/// Joins a command's own flags, and the names of its subcommands.
std::string words_of(const CLI::App& command) {
  std::string words;
  for (const auto* child : command.get_subcommands(nullptr)) words += child->get_name() + " ";
  for (const auto* option : command.get_options())
    for (const auto& name : option->get_lnames()) words += "--" + name + " ";
  return words;
}

void print_bash(const CLI::App& app) {
  std::cout << "_reelhouse() {\n  local current=${COMP_WORDS[COMP_CWORD]} words\n"
               "  case ${COMP_WORDS[COMP_CWORD-1]} in\n"
               "    --project|--lake|--store|--warehouse|init) COMPREPLY=($(compgen -d -- \"$current\")); "
               "return;;\n"
               "    --format) COMPREPLY=($(compgen -W 'table json csv' -- \"$current\")); return;;\n  esac\n"
               "  local globals='"
            << words_of(app) << "'\n  case ${COMP_WORDS[1]} in\n";
  for (const auto* command : app.get_subcommands(nullptr))
    std::cout << "    " << command->get_name() << ") words='" << words_of(*command) << "';;\n";
  std::cout << "    *) words=;;\n  esac\n"
               "  COMPREPLY=($(compgen -W \"$words $globals\" -- \"$current\"))\n}\ncomplete -F _reelhouse "
               "reelhouse\n";
}

void print_zsh(const CLI::App& app) {
  std::cout << "#compdef reelhouse\nautoload -U +X bashcompinit && bashcompinit\n";
  print_bash(app);
}

void print_fish(const CLI::App& app) {
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames())
      std::cout << "complete -c reelhouse -l " << name << " -d '" << option->get_description() << "'\n";
  for (const auto* command : app.get_subcommands(nullptr)) {
    std::cout << "complete -c reelhouse -n __fish_use_subcommand -f -a " << command->get_name() << " -d '"
              << command->get_description() << "'\n";
    for (const auto* option : command->get_options())
      for (const auto& name : option->get_lnames())
        std::cout << "complete -c reelhouse -n '__fish_seen_subcommand_from " << command->get_name()
                  << "' -l " << name << "\n";
  }
}

}  // namespace

void add_completion(CLI::App& app, const GlobalFlags&) {
  auto* command = app.add_subcommand("completion", "Completion for a shell: bash, zsh or fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "Shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example:\n  reelhouse completion bash > /etc/bash_completion.d/reelhouse");
  on_run(*command, [&app, shell]() -> Result<int> {
    if (*shell == "bash") print_bash(app);
    if (*shell == "zsh") print_zsh(app);
    if (*shell == "fish") print_fish(app);
    return kDone;
  });
}

}  // namespace reelhouse::app
