#include "sheet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "codec.h"
#include "common/whole_file.h"

enum { MOST_ROWS = 12, MOST_SAMPLES = 8, GAP = 4, CELL = SIDE + GAP };

int sheet_init(struct sheet *sheet, size_t sources, int samples)
{
    size_t shown = (size_t)(samples < MOST_SAMPLES ? samples : MOST_SAMPLES);
    *sheet = (struct sheet){.rows = sources < MOST_ROWS ? sources : MOST_ROWS,
                            .columns = 1 + shown,
                            .sources = sources};
    if (!picture_shape(&sheet->picture, GAP + CELL * sheet->columns, GAP + CELL * sheet->rows))
        return -ENOMEM;
    memset(sheet->picture.rgb, 255, sheet->picture.width * sheet->picture.height * 3);
    return 0;
}

static void draw(struct picture *picture, size_t left, size_t top, const unsigned char *sample)
{
    for (size_t y = 0; y < SIDE; y++)
        memcpy(picture->rgb + ((top + y) * picture->width + left) * 3, sample + y * SIDE * 3,
               (size_t)SIDE * 3);
}

void sheet_offer(struct sheet *sheet, size_t index, const unsigned char *samples)
{
    if (sheet->used >= sheet->rows || index < sheet->used * sheet->sources / sheet->rows)
        return;
    for (size_t i = 0; i < sheet->columns; i++)
        draw(&sheet->picture, GAP + CELL * i, GAP + CELL * sheet->used, samples + i * SAMPLE_BYTES);
    sheet->used++;
}

int sheet_write(struct sheet *sheet, const char *path)
{
    struct buffer png = {0};
    struct whole_file file;
    if (!codec_png.encode)
        return -ENOTSUP;
    sheet->picture.height = GAP + CELL * sheet->used;
    bool encoded = codec_png.encode(&sheet->picture, &png);
    int code = encoded ? whole_file_open(&file, path) : -ENOMEM;
    if (code == 0) {
        fwrite(png.data, 1, png.size, file.stream);
        code = whole_file_close(&file, 0);
    }
    buffer_fini(&png);
    return code;
}

void sheet_fini(struct sheet *sheet)
{
    picture_fini(&sheet->picture);
}
