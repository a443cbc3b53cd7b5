#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "lake/temporary_folder.hpp"
#include "workflow/define/definition.hpp"

namespace reelhouse::workflow {

/// A project's workflows/ in a temporary folder, and the names that it may use.
class WorkflowFiles {
 public:
  WorkflowFiles() {
    names_.sources = {"shop", "stock", "visits"};
    names_.fetched = {"shop", "stock"};
    names_.selectable = {"stg_order", "fct_order", "dim_item", "staging", "marts"};
    names_.published = {"dim_item", "fct_order"};
    names_.project = folder_.path();
    for (const char* folder :
         {"models", "sources", "seeds", "metrics", "dashboards", "workflows", "generator", ".reelhouse"})
      names_.folders.push_back(folder_.path() / folder);
    names_.lake = (folder_.path() / "lake").string();
    names_.store = (folder_.path() / "store").string();
    names_.warehouse = (folder_.path() / "warehouse").string();
  }

  WorkflowFiles& file(const std::string& name, const std::string& content) {
    folder_.write("workflows/" + name, content);
    return *this;
  }
  ProjectNames& names() { return names_; }
  const std::filesystem::path& path() const { return folder_.path(); }

  /// Reads the workflows; the test fails when something is wrong.
  std::vector<Workflow> load() const {
    std::vector<Error> problems;
    auto workflows = load_workflows(folder_.path() / "workflows", names_, problems);
    for (const auto& problem : problems) ADD_FAILURE() << problem.to_string();
    return workflows;
  }
  /// Problems as "file:line: message | hint", files by their name alone.
  std::vector<std::string> problems(std::vector<Workflow>* good = nullptr) const {
    std::vector<Error> problems;
    const auto workflows = load_workflows(folder_.path() / "workflows", names_, problems);
    if (good != nullptr) *good = workflows;
    std::vector<std::string> texts;
    for (const auto& problem : problems)
      texts.push_back(short_text(problem.where + ": " + problem.message +
                                 (problem.hint.empty() ? "" : " | " + problem.hint)));
    return texts;
  }

 private:
  std::string short_text(std::string text) const {
    for (const auto& folder : {(folder_.path() / "workflows").string() + "/", folder_.path().string() + "/"})
      for (size_t at = text.find(folder); at != std::string::npos; at = text.find(folder))
        text.erase(at, folder.size());
    return text;
  }

  test::TemporaryFolder folder_;
  ProjectNames names_;
};

}  // namespace reelhouse::workflow
