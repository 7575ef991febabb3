// What holds of any training step: random plans of several models on several machines.
#include <functional>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "bench/program/model_file.hpp"
#include "bench/training/step.hpp"
#include "kernels/training/pipeline.hpp"
#include "tests/sanitized.hpp"
#include "topology/error.hpp"

namespace {

using bench::Job;
using bench::Spent;
using bench::Step;
using topology::Seconds;

constexpr std::array models{"llama3-8b", "mixtral-8x7b", "deepseek-v3", "gpt3-175b"};

struct Part {
  const char* system;
  std::int64_t chips;
};

constexpr std::array parts{Part{"trn2-ultraserver", 64}, Part{"rainier", 4096}};

std::string text(const Job& j) {
  const kernels::Plan& p = j.plan;
  return fmt::format("{} on {}: tp {} cp {} dp {} pp {} ep {} vpp {} {} mbs {} gbs {} zero {}",
                     j.model.name,
                     j.machine.name,
                     p.tensor,
                     p.context,
                     p.data,
                     p.pipeline,
                     p.expert,
                     p.virtual_stages,
                     kernels::name(p.order),
                     p.micro_batch,
                     p.batch,
                     static_cast<int>(p.sharding));
}

/// Plans as they come; many do not fit.
class Plans {
 public:
  explicit Plans(unsigned seed) : random_(seed) {}

  Job next() {
    Job j;
    const Part part = any(parts);
    j.model = bench::load_model(any(models));
    j.machine = topology::slice(topology::load_system(part.system), part.chips);
    j.software = topology::load_software(any(std::array{"default", "nemo-h100"}));
    kernels::Plan& p = j.plan;
    p.tensor = any(std::array{1, 2, 4, 8, 16});
    p.context = any(std::array{1, 1, 2, 4});
    p.pipeline = any(std::array{1, 2, 4, 8});
    p.data = part.chips / (p.tensor * p.context * p.pipeline);
    p.expert = j.model.layers.back().layer.experts ? any(std::array{1, 4, 8}) : 1;
    p.order = static_cast<kernels::PipelineOrder>(any(std::array{0, 1, 1, 2, 3, 4, 5}));
    if (p.order >= kernels::PipelineOrder::zb_v) p.virtual_stages = 2;
    if (p.order == kernels::PipelineOrder::interleaved) p.virtual_stages = any(std::array{2, 3});
    p.sequence = any(std::array{2048, 4096});
    p.micro_batch = any(std::array{1, 2});
    p.batch = p.data * p.micro_batch * p.pipeline * any(std::array{1, 2, 4});
    p.sequence_parallel = p.tensor > 1 && flip();
    p.context_kind = flip() ? kernels::ContextKind::ring : kernels::ContextKind::ulysses;
    p.recompute = static_cast<kernels::Recompute>(any(std::array{0, 1, 2}));
    p.sharding = static_cast<kernels::Sharding>(any(std::array{0, 1, 2, 3}));
    p.overlap_data = flip();
    p.overlap_tensor = flip();
    p.overlap_expert = flip();
    p.overlap_pipeline = flip();
    return j;
  }

 private:
  template <class List>
  typename List::value_type any(const List& list) {
    return list[std::uniform_int_distribution<std::size_t>(0, list.size() - 1)(random_)];
  }

  bool flip() { return any(std::array{0, 1}) == 1; }

  std::mt19937 random_;
};

/// `count` of them that the machine and the model can take.
template <class Visit>
void each_plan(int count, Visit&& visit) {
  Plans plans(20260117);
  for (int tries = 0; count > 0 && tries < 2000; ++tries) {
    const Job job = plans.next();
    Step step;
    try {
      step = bench::predict_step(job);
    } catch (const topology::Error& error) {
      ASSERT_EQ(error.kind(), topology::ErrorKind::usage) << text(job) << ": " << error.what();
      continue;
    }
    SCOPED_TRACE(text(job));
    visit(job, step);
    --count;
  }
  ASSERT_EQ(count, 0) << "too few plans fit";
}

TEST(AnyStep, PartsAddUpToItAndLevelsToTheirAxis) {
  each_plan(fixtures::sanitized ? 40 : 200, [](const Job& job, const Step& step) {
    const double whole = step.time.value();
    EXPECT_NEAR(step.spending.total().value(), whole, 1e-12 * whole);
    for (const Seconds part : step.spending.of) EXPECT_GE(part.value(), 0);
    for (const Spent axis : bench::exposed_axes) {
      Seconds levels;
      for (std::size_t l = 0; l <= job.machine.levels.size(); ++l) {
        EXPECT_GE(step.spending.exposed_on(axis, l).value(), -1e-12 * whole);
        levels += step.spending.exposed_on(axis, l);
      }
      EXPECT_NEAR(levels.value(), step.spending[axis].value(), 1e-12 * whole) << name(axis);
    }
  });
}

struct Faster {
  std::string what;
  std::function<void(Job&)> make;
};

std::vector<Faster> ways(const Job& job) {
  const auto chip = [](Job& j) -> topology::Chip& { return j.machine.chip; };
  std::vector<Faster> all{
      {"memory",
       [=](Job& j) { chip(j).memory_bandwidth->value = 2.0 * chip(j).memory_bandwidth->value; }},
      {"compute",
       [=](Job& j) {
         for (topology::ComputeRate& rate : chip(j).compute) {
           if (rate.roof) rate.roof->value = 2.0 * rate.roof->value;
           if (rate.peak) rate.peak->value = 2.0 * rate.peak->value;
         }
         if (chip(j).tensor_clock) chip(j).tensor_clock->value = 2.0 * chip(j).tensor_clock->value;
       }},
      {"calls", [](Job& j) { j.machine.overhead.value = 0.5 * j.machine.overhead.value; }},
      {"launch", [](Job& j) {
         if (j.software.launch) j.software.launch->value = 0.5 * j.software.launch->value;
       }}};
  for (std::size_t l = 0; l < job.machine.levels.size(); ++l) {
    const auto level = [l](Job& j) -> topology::Level& { return j.machine.levels[l]; };
    const std::string& name = job.machine.levels[l].name;
    all.push_back({name + " bandwidth",
                   [=](Job& j) { level(j).bandwidth.value = 2.0 * level(j).bandwidth.value; }});
    all.push_back({name + " latency", [=](Job& j) {
                     level(j).latency.value = 0.5 * level(j).latency.value;
                     level(j).hop.value = 0.5 * level(j).hop.value;
                     level(j).gap.value = 0.5 * level(j).gap.value;
                   }});
  }
  return all;
}

TEST(AnyStep, NoFasterPartMakesItSlower) {
  each_plan(fixtures::sanitized ? 20 : 150, [](const Job& job, const Step& step) {
    for (const Faster& way : ways(job)) {
      Job faster = job;
      way.make(faster);
      const double time = bench::predict_step(faster).time.value();
      EXPECT_LE(time, step.time.value() * (1 + 1e-12)) << way.what;
    }
  });
}

// What other plans have left behind changes nothing.
TEST(AnyStep, IsTheSameWithWhatIsKnown) {
  bench::Groups groups;
  each_plan(fixtures::sanitized ? 20 : 60, [&groups](const Job& job, const Step& step) {
    EXPECT_EQ(bench::predict_step(job, groups).time, step.time);
    EXPECT_EQ(bench::predict_step(job, groups).time, step.time);
  });
}

Job small(const char* model) {
  Job j;
  j.model = bench::load_model(model);
  j.machine = topology::load_system("trn2-ultraserver");
  j.software = topology::load_software("default");
  j.plan.data = 64;
  j.plan.sequence = 2048;
  j.plan.batch = 64;
  j.plan.sharding = kernels::Sharding::optimizer;
  return j;
}

TEST(AnyStep, TakesDegreesAtTheirEnds) {
  Job alone = small("llama3-8b");  // TP = PP = EP = CP = 1
  const Step apart = bench::predict_step(alone);
  for (const Spent none : {Spent::tensor, Spent::context, Spent::expert, Spent::pipeline})
    EXPECT_EQ(apart.spending[none].value(), 0) << name(none);
  EXPECT_EQ(apart.spending[Spent::bubble].value(), 0);

  Job layers = small("llama3-8b");  // 32 layers
  layers.plan.pipeline = 32;
  layers.plan.data = 2;
  layers.plan.batch = 128;
  EXPECT_GT(bench::predict_step(layers).spending[Spent::bubble].value(), 0);
  layers.plan.pipeline = 64;
  layers.plan.data = 1;
  EXPECT_THROW((void)bench::predict_step(layers), topology::Error);

  Job experts = small("deepseek-v3");  // 256 experts: EP of all chips, above TP
  experts.plan.tensor = 2;
  experts.plan.data = 32;
  experts.plan.expert = 64;
  const Step spread = bench::predict_step(experts);
  EXPECT_GT(spread.spending[Spent::expert].value(), 0);
  EXPECT_GT(spread.time.value(), 0);
}

TEST(AnyStep, SaysWhetherItFits) {
  Job j = small("llama3.1-405b");
  EXPECT_FALSE(bench::predict_step(j).fits(j.machine.chip));
  EXPECT_TRUE(bench::predict_step(small("llama3-8b")).fits(j.machine.chip));
  const Step step = bench::predict_step(j);
  j.machine.chip.memory_capacity->value = step.memory.total();
  EXPECT_TRUE(step.fits(j.machine.chip));
}

}  // namespace
