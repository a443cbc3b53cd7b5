#pragma once

#include <memory>

#include "lake/byte_stream.hpp"
#include "lake/input_file.hpp"

namespace reelhouse::lake {

/// Decode one format each; open_byte_stream chooses.
std::unique_ptr<ByteStream> make_gzip_stream(InputFile file);
Result<std::unique_ptr<ByteStream>> make_zstd_stream(InputFile file);

}  // namespace reelhouse::lake
