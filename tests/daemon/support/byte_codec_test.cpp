// Stored forms: what is written is read, and what does not fit is not written as something else.
#include "daemon/support/byte_codec.hpp"

#include <gtest/gtest.h>

namespace tlsmodem {
namespace {

TEST(byte_codec, reads_what_was_written) {
  byte_writer out(100);
  out.number(0x010203, 3);
  out.counted(bytes{7, 8, 9}, 1);
  out.counted({}, 2);
  out.raw(bytes{5});
  const bytes form = out.take();
  EXPECT_EQ(form, (bytes{1, 2, 3, 3, 7, 8, 9, 0, 0, 5}));
  byte_reader in(form);
  EXPECT_EQ(in.number(3), 0x010203U);
  EXPECT_EQ(in.text(1), "\x07\x08\x09");
  EXPECT_EQ(in.counted(2).size(), 0U);
  EXPECT_FALSE(in.is_at_end());
  EXPECT_EQ(in.raw(1)[0], 5);
  EXPECT_TRUE(in.is_at_end());
  EXPECT_EQ(in.number(1), 0U);
  EXPECT_FALSE(in.is_good());
}

TEST(byte_codec, a_length_that_does_not_fit_makes_the_whole_nothing) {
  struct row {
    std::size_t width;
    std::size_t size;
    bool fits;
  };
  for (const auto& [width, size, fits] : {row{1, 255, true}, row{1, 256, false}, row{2, 65535, true},
                                          row{2, 65536, false}, row{4, 65536, true}, row{8, 65536, true}}) {
    byte_writer out(size + 100);
    out.number(1, 1);
    out.counted(bytes(size, 2), width);
    out.number(3, 1);
    EXPECT_EQ(out.take().size(), fits ? size + width + 2 : 0U) << width << " " << size;
  }
}

}  // namespace
}  // namespace tlsmodem
