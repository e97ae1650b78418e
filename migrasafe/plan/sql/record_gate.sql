CREATE SCHEMA IF NOT EXISTS migrasafe;
CREATE TABLE IF NOT EXISTS migrasafe.plan_gate (
  plan text NOT NULL,
  phase text NOT NULL,
  gate text NOT NULL,
  answer text,
  holds boolean NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  asked_by text NOT NULL,
  why text
);
ALTER TABLE migrasafe.plan_gate ADD COLUMN IF NOT EXISTS why text;
