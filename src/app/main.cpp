#include "app/program.hpp"
#include "base/interrupt.hpp"

int main(int argc, char** argv) {
  reelhouse::catch_signals();
  return reelhouse::app::run_program(argc, argv);
}
