/* A stage, and the supervisor's end of a channel. */
#ifndef POOL_UNIT_SCENE_H
#define POOL_UNIT_SCENE_H

#include "common/control.h"
#include "common/descriptor.h"
#include "unit/stage.h"

struct scene {
    struct stage stage;
    int supervisor;
};

static inline int open_scene(void **test)
{
    static struct scene scene;
    int ends[2];
    stage_open(&scene.stage, STAGE_CHUNK);
    *test = &scene;
    int error = pool__socketpair(ends);
    scene.stage.pool.launch.control_host = ends[0];
    scene.supervisor = ends[1];
    return error;
}

static inline int close_scene(void **test)
{
    struct scene *scene = *test;
    pool__close(&scene->stage.pool.launch.control_host);
    pool__close(&scene->supervisor);
    stage_close(&scene->stage);
    return 0;
}

#endif
