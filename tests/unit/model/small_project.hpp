#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "lake/temporary_folder.hpp"
#include "model/binding.hpp"
#include "model/project.hpp"

namespace reelhouse::model {

/// A project in a temporary folder that a test writes file by file.
class SmallProject {
 public:
  const std::filesystem::path& root() const { return folder_.path(); }

  SmallProject& write(const std::string& name, const std::string& content) {
    const auto path = root() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return *this;
  }
  /// Writes models/<name>.sql, and the YAML beside it when there is any.
  SmallProject& model(const std::string& name, const std::string& sql, const std::string& yaml = "") {
    write("models/" + name + ".sql", sql);
    return yaml.empty() ? *this : write("models/" + name + ".yml", yaml);
  }
  /// Declares one raw table of a dataset of the same name.
  SmallProject& source(const std::string& table, const std::string& columns) {
    return write("sources/" + table + ".yml",
                 "dataset: " + table + "\ntables:\n  " + table + ":\n    columns: [" + columns + "]\n");
  }

  /// Reads the project; the test fails when it has problems.
  Project load() const {
    std::vector<Error> problems;
    Project project = load_project(root(), problems);
    for (const auto& problem : problems) ADD_FAILURE() << problem.to_string();
    return project;
  }
  std::vector<Error> problems_of_load() const {
    std::vector<Error> problems;
    load_project(root(), problems);
    return problems;
  }

 private:
  test::TemporaryFolder folder_;
};

/// Renders what matters of problems: "file:line: message | hint", files by their name alone.
inline std::vector<std::string> texts_of(const std::vector<Error>& problems) {
  std::vector<std::string> texts;
  for (const auto& problem : problems)
    texts.push_back(problem.where.substr(problem.where.rfind('/') + 1) + ": " + problem.message +
                    (problem.hint.empty() ? "" : " | " + problem.hint));
  return texts;
}

}  // namespace reelhouse::model
