#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "model/origin_set.hpp"

namespace reelhouse::model {

/// What an operator of a plan hands on.
struct Relation {
  std::vector<OriginSet> columns;
  OriginSet rows;           ///< what decides which rows there are
  bool single_row = false;  ///< exactly one, whatever the inputs hold
  bool open = false;        ///< the number of columns is not known; each may come from `any`
  OriginSet any;
  std::optional<uint64_t> index;  ///< the engine's number for it, when all its columns are one operator's

  /// Makes a relation without columns so far.
  static Relation with_rows(OriginSet rows);
  /// Makes the relation of something that was not understood.
  static Relation unknown();

  /// Puts what any column may come from together.
  OriginSet all() const;
  /// Keeps the columns of these indexes, in their order; an empty list keeps all.
  void keep_only(const Json& indexes);
  /// Puts the columns of another relation behind this one's.
  Relation beside(const Relation& right) const;
};

/// Read members of a plan's node; an absent one is an empty list, "" or 0.
const Json& list_of(const Json& node, const char* key);
std::string text_of(const Json& node, const char* key);
uint64_t number_of(const Json& node, const char* key);

/// Collects the references of a plan's expressions, which count the columns of their input.
class ExpressionReader {
 public:
  /// Returns the origins of an expression, or of a list of them. Below a table function the engine leaves
  /// references by the operator's number; they are found where the input has that number. Data that functions
  /// were bound with is left out: the references in a lambda count its own parameters, and what it captures
  /// is among the arguments.
  OriginSet references(const Json& expression, const Relation& input);
  /// The same for a member of a node; nothing when it is absent.
  OriginSet references_in(const Json& node, const char* key, const Relation& input);
  OriginSet column(const Relation& input, uint64_t index);

  /// Notes what was not understood, each once.
  void note(const std::string& what);
  const std::string& unknown() const { return unknown_; }

 private:
  std::string unknown_;
};

}  // namespace reelhouse::model
