#include "workflow/history/rows.hpp"

#include "base/json.hpp"

namespace reelhouse::workflow {
namespace {

/// Reads a state that this program wrote; what it does not know has certainly ended.
RunState stored_state(const std::string& name) {
  return run_state(name).value_or(RunState::kDied);
}

/// Reads what started a run; runs of before this was kept were begun by commands.
CauseKind stored_cause(const std::string& name) {
  for (const auto kind : {CauseKind::kPage, CauseKind::kSchedule, CauseKind::kObjects, CauseKind::kAfter,
                          CauseKind::kHttp, CauseKind::kResume})
    if (name == name_of(kind)) return kind;
  return CauseKind::kCommand;
}

Properties to_properties(const std::string& text) {
  Properties properties;
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_object())
    for (const auto& [name, value] : json.items())
      if (value.is_string()) properties[name] = value.get<std::string>();
  return properties;
}

Cause to_cause(const std::string& text) {
  Properties fields = to_properties(text);
  return {stored_cause(fields["kind"]), fields["trigger"], fields["due"], fields["detail"]};
}

}  // namespace

const std::vector<std::string> kRunMigrations = {
    R"sql(
    create table run (
      number integer primary key autoincrement,
      id text not null unique,
      workflow text not null,
      state text not null,
      started text not null,
      ended text not null default '',
      process integer not null,
      process_start integer not null,
      boot text not null,
      version integer not null default 0,
      message text not null default '');
    create index run_by_state on run (state);
    create table step (
      run integer not null references run (number) on delete cascade,
      position integer not null,
      name text not null,
      state text not null,
      seconds real not null,
      rows integer not null,
      message text not null,
      primary key (run, position)) without rowid;
    )sql",
    // Runs that wait, say why they began, resume others and are asked to stop; what triggers remember. Runs
    // of before are taken as told to triggers.
    R"sql(
    alter table run add column queued text not null default '';
    update run set queued = started;
    alter table run add column cause text not null default '{}';
    alter table run add column resumes text not null default '';
    alter table run add column properties text not null default '{}';
    alter table run add column cancel_asked integer not null default 0;
    alter table run add column told integer not null default 1;
    create index run_by_workflow on run (workflow, number);
    create index run_untold on run (ended) where told = 0;
    alter table step add column parent text not null default '';
    alter table step add column attempts integer not null default 1;
    alter table step add column started text not null default '';
    alter table step add column ended text not null default '';
    alter table step add column kept_from text not null default '';
    alter table step add column written text not null default '{}';
    create table mark (trigger text primary key, content text not null) without rowid;
    create table change_count (changes integer not null);
    insert into change_count values (0);
    create trigger run_inserted after insert on run begin update change_count set changes = changes + 1; end;
    create trigger run_updated after update on run begin update change_count set changes = changes + 1; end;
    create trigger run_deleted after delete on run begin update change_count set changes = changes + 1; end;
    create trigger step_inserted after insert on step begin update change_count set changes = changes + 1; end;
    create trigger step_updated after update on step begin update change_count set changes = changes + 1; end;
    )sql",
};

std::string to_text(const Properties& properties) {
  return Json(properties).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_text(const Cause& cause) {
  return to_text(Properties{{"kind", name_of(cause.kind)},
                            {"trigger", cause.trigger},
                            {"due", cause.due},
                            {"detail", cause.detail}});
}

StoredRun read_run(const Statement& row) {
  StoredRun stored;
  Run& run = stored.run;
  stored.number = row.column_int(0);
  run.id = row.column_text(1);
  run.workflow = row.column_text(2);
  run.state = stored_state(row.column_text(3));
  run.started = row.column_text(4);
  run.ended = row.column_text(5);
  stored.process = {static_cast<int>(row.column_int(6)), row.column_int(7), row.column_text(8)};
  run.process = stored.process.id;
  run.version = static_cast<int>(row.column_int(9));
  run.message = row.column_text(10);
  run.queued = row.column_text(11);
  run.cause = to_cause(row.column_text(12));
  run.resumes = row.column_text(13);
  run.properties = to_properties(row.column_text(14));
  run.cancel_asked = row.column_int(15) != 0;
  return stored;
}

Step read_step(const Statement& row) {
  Step step;
  step.name = row.column_text(0);
  step.state = stored_state(row.column_text(1));
  step.seconds = row.column_double(2);
  step.rows = static_cast<uint64_t>(row.column_int(3));
  step.message = row.column_text(4);
  step.parent = row.column_text(5);
  step.attempts = static_cast<int>(row.column_int(6));
  step.started = row.column_text(7);
  step.ended = row.column_text(8);
  step.kept_from = row.column_text(9);
  step.written = to_properties(row.column_text(10));
  return step;
}

}  // namespace reelhouse::workflow
