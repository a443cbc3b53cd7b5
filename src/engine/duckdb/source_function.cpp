#include "engine/duckdb/source_function.hpp"

#include <cstring>

// In the library since DuckDB 1.5, and not yet in the header of 1.4 that npm still carries. Our rows
// are valid UTF-8 by contract, so they need not be checked again.
extern "C" void duckdb_unsafe_vector_assign_string_element_len(duckdb_vector vector, idx_t index,
                                                               const char* text, idx_t length);

namespace reelhouse::engine::duckdb {
namespace {

constexpr const char* kErrorMark = "reelhouse error #";

struct BindData {
  std::shared_ptr<RowSource> source;
  SourceRegistry* registry;
};

struct InitData {
  std::unique_ptr<RowScan> scan;
  std::vector<bool> known;  ///< false for a virtual column (row id), which is left null
  std::vector<duckdb_type> decimals;
};

struct LocalData {
  std::unique_ptr<RowWorker> worker;
};

template <typename T>
void destroy(void* pointer) {
  delete static_cast<T*>(pointer);
}

/// Writes cells straight into DuckDB's vectors.
class VectorBatch final : public RowBatch {
 public:
  VectorBatch(duckdb_data_chunk chunk, const std::vector<bool>& known,
              const std::vector<duckdb_type>& decimals)
      : capacity_(duckdb_vector_size()) {
    for (idx_t i = 0; i < known.size(); ++i) {
      if (!known[i]) continue;
      duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
      columns_.push_back({vector, duckdb_vector_get_data(vector), nullptr, decimals[i]});
    }
  }

  size_t capacity() const override { return capacity_; }

  void set_text(size_t column, size_t row, std::string_view text) override {
    constexpr size_t kInline = 12;
    if (text.size() <= kInline) {
      duckdb_string_t value;
      std::memset(&value, 0, sizeof value);
      value.value.inlined.length = static_cast<uint32_t>(text.size());
      std::memcpy(value.value.inlined.inlined, text.data(), text.size());
      static_cast<duckdb_string_t*>(columns_[column].data)[row] = value;
      return;
    }
    duckdb_unsafe_vector_assign_string_element_len(columns_[column].vector, row, text.data(), text.size());
  }

  void set_integer(size_t column, size_t row, int64_t value) override {
    static_cast<int64_t*>(columns_[column].data)[row] = value;
  }

  void set_date(size_t column, size_t row, Date value) override {
    static_cast<int32_t*>(columns_[column].data)[row] =
        static_cast<int32_t>(std::chrono::sys_days(value).time_since_epoch().count());
  }

  void set_days(size_t column, size_t row, int32_t value) override {
    static_cast<int32_t*>(columns_[column].data)[row] = value;
  }

  void set_timestamp(size_t column, size_t row, int64_t value) override {
    static_cast<int64_t*>(columns_[column].data)[row] = value;
  }

  void set_double(size_t column, size_t row, double value) override {
    static_cast<double*>(columns_[column].data)[row] = value;
  }

  void set_boolean(size_t column, size_t row, bool value) override {
    static_cast<bool*>(columns_[column].data)[row] = value;
  }

  void set_decimal(size_t column, size_t row, Wide value) override {
    const auto& target = columns_[column];
    switch (target.decimal) {
      case DUCKDB_TYPE_SMALLINT:
        static_cast<int16_t*>(target.data)[row] = static_cast<int16_t>(value.lower);
        break;
      case DUCKDB_TYPE_INTEGER:
        static_cast<int32_t*>(target.data)[row] = static_cast<int32_t>(value.lower);
        break;
      case DUCKDB_TYPE_BIGINT:
        static_cast<int64_t*>(target.data)[row] = static_cast<int64_t>(value.lower);
        break;
      default:
        static_cast<duckdb_hugeint*>(target.data)[row] = {value.lower, value.upper};
    }
  }

  void set_null(size_t column, size_t row) override {
    auto& target = columns_[column];
    if (target.validity == nullptr) {
      duckdb_vector_ensure_validity_writable(target.vector);
      target.validity = duckdb_vector_get_validity(target.vector);
    }
    duckdb_validity_set_row_invalid(target.validity, row);
  }

 private:
  struct Target {
    duckdb_vector vector;
    void* data;
    uint64_t* validity;
    duckdb_type decimal;  ///< how a decimal lies in memory
  };
  size_t capacity_;
  std::vector<Target> columns_;
};

duckdb_logical_type engine_type(const SourceColumn& column) {
  switch (column.type) {
    case CellType::kInteger:
      return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case CellType::kDate:
      return duckdb_create_logical_type(DUCKDB_TYPE_DATE);
    case CellType::kTimestamp:
      return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP);
    case CellType::kDouble:
      return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    case CellType::kBoolean:
      return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case CellType::kDecimal:
      return duckdb_create_decimal_type(column.width, column.scale);
    case CellType::kText:
      break;
  }
  return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
}

duckdb_type decimal_in_memory(const SourceColumn& column) {
  if (column.type != CellType::kDecimal) return DUCKDB_TYPE_INVALID;
  duckdb_logical_type type = engine_type(column);
  const duckdb_type internal = duckdb_decimal_internal_type(type);
  duckdb_destroy_logical_type(&type);
  return internal;
}

void bind(duckdb_bind_info info) {
  auto* registry = static_cast<SourceRegistry*>(duckdb_bind_get_extra_info(info));
  duckdb_value parameter = duckdb_bind_get_parameter(info, 0);
  const int64_t number = duckdb_get_int64(parameter);
  duckdb_destroy_value(&parameter);
  auto source = registry->find(number);
  if (!source) {
    duckdb_bind_set_error(info, "reelhouse_scan: no such source");
    return;
  }
  for (const auto& column : source->columns()) {
    duckdb_logical_type type = engine_type(column);
    duckdb_bind_add_result_column(info, column.name.c_str(), type);
    duckdb_destroy_logical_type(&type);
  }
  duckdb_bind_set_cardinality(info, source->row_estimate(), false);
  duckdb_bind_set_bind_data(info, new BindData{std::move(source), registry}, destroy<BindData>);
}

void init(duckdb_init_info info) {
  const auto* data = static_cast<BindData*>(duckdb_init_get_bind_data(info));
  auto state = std::make_unique<InitData>();
  std::vector<size_t> projection;
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
    const idx_t column = duckdb_init_get_column_index(info, i);
    state->known.push_back(column < data->source->columns().size());
    state->decimals.push_back(state->known.back() ? decimal_in_memory(data->source->columns()[column])
                                                  : DUCKDB_TYPE_INVALID);
    if (state->known.back()) projection.push_back(column);
  }
  auto scan = data->source->open(projection);
  if (!scan) {
    duckdb_init_set_error(info, data->registry->keep(std::move(scan).error()).c_str());
    return;
  }
  state->scan = std::move(*scan);
  duckdb_init_set_max_threads(info, std::max<size_t>(1, state->scan->max_workers()));
  duckdb_init_set_init_data(info, state.release(), destroy<InitData>);
}

void local_init(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new LocalData, destroy<LocalData>);
}

/// Marks the cells of virtual columns null.
void fill_unknown(duckdb_data_chunk chunk, const std::vector<bool>& known, size_t rows) {
  for (idx_t i = 0; i < known.size(); ++i) {
    if (known[i]) continue;
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
    duckdb_vector_ensure_validity_writable(vector);
    uint64_t* validity = duckdb_vector_get_validity(vector);
    for (size_t row = 0; row < rows; ++row) duckdb_validity_set_row_invalid(validity, row);
  }
}

void scan(duckdb_function_info info, duckdb_data_chunk chunk) {
  const auto* data = static_cast<BindData*>(duckdb_function_get_bind_data(info));
  const auto* state = static_cast<InitData*>(duckdb_function_get_init_data(info));
  auto* local = static_cast<LocalData*>(duckdb_function_get_local_init_data(info));
  if (!local->worker) {
    auto worker = state->scan->make_worker();
    if (!worker) {
      duckdb_function_set_error(info, data->registry->keep(std::move(worker).error()).c_str());
      return;
    }
    local->worker = std::move(*worker);
  }
  VectorBatch batch(chunk, state->known, state->decimals);
  auto rows = local->worker->fill(batch);
  if (!rows) {
    duckdb_function_set_error(info, data->registry->keep(std::move(rows).error()).c_str());
    return;
  }
  fill_unknown(chunk, state->known, *rows);
  duckdb_data_chunk_set_size(chunk, *rows);
}

}  // namespace

int64_t SourceRegistry::add(std::shared_ptr<RowSource> source) {
  const std::lock_guard lock(mutex_);
  sources_.push_back(std::move(source));
  return static_cast<int64_t>(sources_.size()) - 1;
}

std::shared_ptr<RowSource> SourceRegistry::find(int64_t number) const {
  const std::lock_guard lock(mutex_);
  if (number < 0 || static_cast<size_t>(number) >= sources_.size()) return nullptr;
  return sources_[static_cast<size_t>(number)];
}

std::string SourceRegistry::keep(Error error) {
  const std::lock_guard lock(mutex_);
  std::string text = fmt::format("{}{}: {}", kErrorMark, next_error_, error.message);
  errors_.emplace(next_error_++, std::move(error));
  return text;
}

std::optional<Error> SourceRegistry::take(const std::string& message) {
  const size_t mark = message.find(kErrorMark);
  if (mark == std::string::npos) return std::nullopt;
  const uint64_t number = std::strtoull(message.c_str() + mark + std::strlen(kErrorMark), nullptr, 10);
  const std::lock_guard lock(mutex_);
  auto node = errors_.extract(number);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

Result<> register_source_function(duckdb_connection connection, SourceRegistry& registry) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "reelhouse_scan");
  duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  duckdb_table_function_add_parameter(function, number);
  duckdb_destroy_logical_type(&number);
  duckdb_table_function_set_extra_info(function, &registry, nullptr);
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, init);
  duckdb_table_function_set_local_init(function, local_init);
  duckdb_table_function_set_function(function, scan);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const bool registered = duckdb_register_table_function(connection, function) == DuckDBSuccess;
  duckdb_destroy_table_function(&function);
  if (!registered) return fail(ErrorKind::kInternal, "registering the scan function in the engine");
  return {};
}

}  // namespace reelhouse::engine::duckdb
